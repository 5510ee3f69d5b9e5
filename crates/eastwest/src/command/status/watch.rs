//! The same again and again: a page of the terminal that is written over, or a line for each change.
//!
//! Ctrl-C ends it, with the exit code of the last look. A question that fails is shown and asked again.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anstream::adapter::strip_str;
use anyhow::Context as _;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
};
use eastwest_core::report::standing::Standing;
use tokio_util::sync::CancellationToken;

use super::rows::{Row, Standings};
use super::source::Source;
use super::table::{Layout, text};
use crate::api::json;
use crate::api::text::line;
use crate::command::out;
use crate::command::paint::{HEADING, WRONG, painted};
use crate::daemon::signals::stop_signals;

/// Looks until a signal comes.
pub(super) async fn run(source: &Source<'_>) -> anyhow::Result<ExitCode> {
    let stop = stop_signals().context("cannot listen for signals")?;
    let mut screen = Screen::new(source);
    let mut last = None;
    while let Some(answer) = unless_stopped(&stop, Box::pin(source.ask())).await {
        if !screen.show(&answer)? {
            break;
        }
        // An error of the first question is one of the command: a wrong URL, a service that is not there.
        last = match answer {
            Ok(standings) => Some(standings),
            Err(error) if last.is_none() => {
                screen.leave();
                return Err(error);
            }
            Err(_) => last,
        };
        if unless_stopped(&stop, tokio::time::sleep(source.pause())).await.is_none() {
            break;
        }
    }
    screen.leave();
    if let (Some(standings), Screen::Page { .. }) = (&last, &screen) {
        out::print(&text(standings, source.flags.all, Layout::of_stdout()))?;
    }
    Ok(last.map_or(ExitCode::SUCCESS, |standings| standings.exit_code()))
}

async fn unless_stopped<T>(stop: &CancellationToken, what: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        () = stop.cancelled() => None,
        done = what => Some(done),
    }
}

/// Where it is shown.
enum Screen {
    /// A terminal: the page is written over.
    Page { all: bool },
    /// A line for each change.
    Lines { all: bool, before: BTreeMap<String, Row>, trouble: Vec<String> },
    /// An object on a line for each look.
    Json,
}

impl Screen {
    fn new(source: &Source<'_>) -> Self {
        let all = source.flags.all;
        if source.flags.json {
            return Self::Json;
        }
        if !std::io::stdout().is_terminal() {
            return Self::Lines { all, before: BTreeMap::new(), trouble: Vec::new() };
        }
        let mut out = std::io::stdout();
        drop(queue!(out, EnterAlternateScreen, DisableLineWrap, Hide).and_then(|()| out.flush()));
        Self::Page { all }
    }

    /// Shows an answer. Says whether somebody still reads.
    fn show(&mut self, answer: &anyhow::Result<Standings>) -> anyhow::Result<bool> {
        match self {
            Self::Json => {
                let Ok(standings) = answer else { return Ok(true) };
                out::print(&(json::line(standings)? + "\n"))
            }
            Self::Page { all } => {
                draw(answer, *all);
                std::io::stdout().flush().context("standard output is closed")?;
                Ok(true)
            }
            Self::Lines { all, before, trouble } => {
                let now = jiff::Timestamp::now();
                out::print(&changes(now, answer, *all, before, trouble))
            }
        }
    }

    /// Leaves the terminal as it was.
    fn leave(&self) {
        if let Self::Page { .. } = self {
            let mut out = std::io::stdout();
            drop(
                queue!(out, EnableLineWrap, LeaveAlternateScreen, Show).and_then(|()| out.flush()),
            );
        }
    }
}

/// Writes the page over the one before.
fn draw(answer: &anyhow::Result<Standings>, all: bool) {
    let mut layout = Layout::of_page();
    // The heading stands above it.
    layout.height = layout.height.map(|height| height.saturating_sub(1));
    let at = jiff::Timestamp::now();
    let heading = format!("eastwest status at {at:.0}, Ctrl-C ends it");
    let page = match answer {
        Ok(standings) => text(standings, all, layout),
        Err(error) => format!("{} {error:#}\n", painted(WRONG, '!')),
    };
    // Past `anstream`: without colours it would take away what moves the cursor, too.
    let mut out = std::io::stdout();
    let is_plain = anstream::AutoStream::choice(&out) == anstream::ColorChoice::Never;
    drop(queue!(out, MoveTo(0, 0)));
    for each in [painted(HEADING, heading).as_str()].into_iter().chain(page.lines()) {
        let each = if is_plain { strip_str(each).to_string() } else { each.to_owned() };
        drop(queue!(out, Print(each), Clear(ClearType::UntilNewLine), Print("\n")));
    }
    drop(queue!(out, Clear(ClearType::FromCursorDown)));
    drop(out.flush());
}

/// A line for each service that stands otherwise than before; at first, for each that is not in order.
pub(super) fn changes(
    at: jiff::Timestamp,
    answer: &anyhow::Result<Standings>,
    all: bool,
    before: &mut BTreeMap<String, Row>,
    trouble: &mut Vec<String>,
) -> String {
    let mut text = String::new();
    let faults: Vec<String> = match answer {
        Err(error) => vec![format!("{error:#}")],
        Ok(standings) => {
            let faults = standings.faults.iter();
            faults.map(|fault| format!("cluster {}: {}", fault.cluster, fault.message)).collect()
        }
    };
    for fault in faults.iter().filter(|fault| !trouble.contains(fault)) {
        line(&mut text, format_args!("{at:.0} ! {fault}"));
    }
    *trouble = faults;
    let Ok(standings) = answer else { return text };
    let rows = &standings.services;
    let is_first = before.is_empty();
    for row in rows {
        let is_news = match before.get(&row.service) {
            None => all || !is_first || row.standing < Standing::InOrder,
            Some(old) => (old.standing, &old.reason) != (row.standing, &row.reason),
        };
        if is_news {
            let reason = row.reason.as_ref().map(|reason| format!(", {reason}"));
            let message = row.message.as_ref().map(|message| format!(": {message}"));
            let (reason, message) = (reason.unwrap_or_default(), message.unwrap_or_default());
            line(
                &mut text,
                format_args!("{at:.0} {}: {}{reason}{message}", row.service, row.standing),
            );
        }
    }
    // What could not be read is not gone.
    let unread: Vec<&str> = standings.faults.iter().map(|fault| fault.cluster.as_str()).collect();
    let is_unread = |service: &str| {
        let cluster = service.split('/').next().unwrap_or_default();
        unread.contains(&"*") || unread.contains(&cluster)
    };
    before.retain(|name, _| {
        let is_gone = !rows.iter().any(|row| row.service == *name) && !is_unread(name);
        if is_gone {
            line(&mut text, format_args!("{at:.0} {name}: is gone"));
        }
        !is_gone
    });
    before.extend(rows.iter().map(|row| (row.service.clone(), row.clone())));
    text
}
