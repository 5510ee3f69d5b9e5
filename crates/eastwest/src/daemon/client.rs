//! Short questions to endpoints of our own network, over HTTP.

use std::time::Duration;

use anyhow::{Context as _, bail};
use eastwest_core::ecs::text::printable;
use ureq::config::ConfigBuilder;
use ureq::http::Response;
use ureq::typestate::AgentScope;
use ureq::{Agent, Body};

/// The longest time that a running eastwest may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest refusal that is shown, in characters.
const LONGEST: usize = 2000;

/// Asks directly, through no proxy, and waits no longer than this for the whole answer.
pub(crate) fn client(patience: Duration) -> Agent {
    direct(patience).build().new_agent()
}

fn direct(patience: Duration) -> ConfigBuilder<AgentScope> {
    Agent::config_builder().timeout_global(Some(patience)).proxy(None)
}

/// A running eastwest, as a command asks it.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    url: String,
}

impl Daemon {
    /// The one that serves HTTP there.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned() }
    }

    /// What it answers at a path, in this media type.
    pub(crate) async fn get(self, path: String, kind: &'static str) -> anyhow::Result<String> {
        self.ask(path, move |url, client| client.get(url).header("Accept", kind).call()).await
    }

    /// What it answers to JSON that is sent to a path.
    pub(crate) async fn post(
        self,
        path: String,
        bearer: String,
        body: String,
    ) -> anyhow::Result<String> {
        self.ask(path, move |url, client| {
            let request = client.post(url).header("Authorization", bearer);
            request.header("Content-Type", "application/json").send(body)
        })
        .await
    }

    /// The text of the answer; an error with its text where it refuses.
    async fn ask(
        self,
        path: String,
        send: impl FnOnce(&str, &Agent) -> Result<Response<Body>, ureq::Error> + Send + 'static,
    ) -> anyhow::Result<String> {
        let url = format!("{}{path}", self.url);
        // Its refusals say why.
        let client = direct(PATIENCE).http_status_as_error(false).build().new_agent();
        let asked = tokio::task::spawn_blocking(move || {
            let mut answer =
                send(&url, &client).with_context(|| format!("{url} does not answer"))?;
            let text = answer.body_mut().read_to_string();
            let text = text.with_context(|| format!("{url} broke off"))?;
            anyhow::Ok((answer.status(), text))
        });
        let (status, text) = asked.await??;
        if status != 200 {
            bail!("{}: {}", self.url, detail(&text));
        }
        Ok(text)
    }
}

/// What a problem says; else the text as it is.
fn detail(text: &str) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    printable(detail.unwrap_or_else(|| text.trim_end()), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_problem_the_detail_is_shown_and_of_anything_else_the_text() {
        assert_eq!(
            detail(r#"{"status":404,"detail":"there is no service prod/web"}"#),
            "there is no service prod/web"
        );
        assert_eq!(detail("404 page not found\n"), "404 page not found");
        assert_eq!(detail("[1]"), "[1]");
    }
}
