module "eastwest" {
  source = "../"

  cluster         = "prod"
  image           = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/eastwest:0.1.0"
  subnets         = ["subnet-0a1b2c3d"]
  security_groups = ["sg-0a1b2c3d"]
  policy          = "upsert-only"
}
