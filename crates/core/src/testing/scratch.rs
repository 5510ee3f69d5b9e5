//! scratch
use std::fmt::Write as _;
use std::time::Instant;
use crate::effect::Event;
use crate::testing::fake::Fake;
use crate::testing::Stage;
use crate::writes::Writes;

fn world(n: usize, kind: &str) -> String {
    let mut text = "cluster prod default=internal.myapp\nnamespace internal.myapp\nnamespace other.ns\n".to_owned();
    for i in 0..n {
        match kind {
            "converged" => writeln!(text, "s{i} mode=client-server, needs=s{} | in internal.myapp http/s{i}@s{i}.internal.myapp:8080 | http=8080/http", (i*7)%n),
            "new" => writeln!(text, "s{i} mode=client-server, needs=s{} | off | http=8080/http", (i*7)%n),
            "unasked" => writeln!(text, "s{i} mode=client-server, needs=s{} | off | ? | history=?", (i*7)%n),
            _ => writeln!(text, "s{i} - | in internal.myapp http/s{i}@s{i}.internal.myapp:8080 | http=8080/http"),
        }.unwrap();
    }
    text
}

#[test]
fn scratch_timing() {
    for n in [5000, 50000] {
        for kind in ["converged", "new", "unasked", "foreign"] {
            let stage = Stage::read(&world(n, kind));
            let mut best = f64::MAX;
            let mut bestg = f64::MAX;
            for _ in 0..7 {
                let t = Instant::now();
                let p = stage.plan();
                best = best.min(t.elapsed().as_secs_f64()*1000.0);
                let t = Instant::now();
                let g = crate::guard::guard(p.clone(), &stage.view, &Writes::default(), &stage.settings, stage.now);
                bestg = bestg.min(t.elapsed().as_secs_f64()*1000.0);
                std::hint::black_box((p,g));
            }
            println!("{n} {kind}: plan {best:.2} ms guard+clone {bestg:.2} ms");
        }
    }
    for kind in ["converged", "unasked", "new"] {
        let mut fake = Fake::new(&world(5000, kind));
        let t = Instant::now();
        fake.run(1);
        println!("engine 5000 {kind} first second: {:.1} ms, {} effects", t.elapsed().as_secs_f64()*1000.0, fake.log.len());
        let mut best = f64::MAX;
        for _ in 0..7 { let t = Instant::now(); fake.step(Event::Tick); best = best.min(t.elapsed().as_secs_f64()*1000.0);}
        println!("   tick {best:.2} ms, plan holds {}", fake.engine.plan().holds().count());
    }
}
