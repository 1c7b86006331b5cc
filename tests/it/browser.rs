//! Pages in a real browser: what only a browser can tell. Skipped, with a notice, where there is none;
//! `CHROME` names one that stands elsewhere.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headless_chrome::protocol::cdp::types::{Event, Method};
use headless_chrome::protocol::cdp::{Emulation, Network};
use headless_chrome::types::PrintToPdfOptions;
use headless_chrome::{Browser, LaunchOptions, Tab};
use serde_json::{Value, json};

use crate::support::{errors, folder, root, run};

/// Where browsers are.
const PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// A4 without its margins, upright and across, in the browser's units of 1/96 inch.
const UPRIGHT: u32 = 695;
const ACROSS: u32 = 1016;

/// What scrolls by itself, so that its content may be wider than a screen.
const SCROLLING: &str = ".scroll, nav";

fn browser(profile: &Path) -> Option<Browser> {
    let given = std::env::var_os("CHROME").map(PathBuf::from);
    let path = given.into_iter().chain(PLACES.map(PathBuf::from)).find(|it| it.is_file());
    let Some(path) = path else {
        eprintln!("notice: no browser is installed, the page was not looked at; CHROME=PATH names one");
        return None;
    };
    let args = ["--disable-quic", "--disable-component-update", "--hide-scrollbars"].map(OsStr::new);
    let options = LaunchOptions {
        path: Some(path),
        user_data_dir: Some(profile.to_owned()),
        // In a container the tests may be run by root, for whom there is no sandbox. The page is ours.
        sandbox: false,
        args: args.to_vec(),
        idle_browser_timeout: Duration::from_secs(300),
        ..LaunchOptions::default()
    };
    Some(Browser::new(options).unwrap())
}

/// A page that is open, and what the browser had to say about it.
struct Page {
    tab: Arc<Tab>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Page {
    fn open(browser: &Browser, path: &Path) -> Self {
        let tab = browser.new_tab().unwrap();
        tab.set_default_timeout(Duration::from_secs(120));
        let said = Arc::new(Mutex::new(Vec::new()));
        tab.enable_log().unwrap();
        tab.enable_runtime().unwrap();
        let page = Self { tab, said: Arc::clone(&said) };
        page.ask::<Network::Enable>(json!({}));
        let url = format!("file://{}", path.display());
        let own = url.clone();
        let listener = move |event: &Event| {
            let message = match event {
                Event::LogEntryAdded(it) => format!("log: {}", it.params.entry.text),
                Event::RuntimeConsoleAPICalled(it) => format!("console: {:?}", it.params.args),
                Event::RuntimeExceptionThrown(it) => format!("exception: {:?}", it.params.exception_details),
                Event::NetworkRequestWillBeSent(it) => match it.params.request.url.as_str() {
                    // The page itself, and the empty icon within it.
                    url if url == own || url == "data:," => return,
                    other => format!("request: {other}"),
                },
                _ => return,
            };
            said.lock().unwrap().push(message);
        };
        page.tab.add_event_listener(Arc::new(listener)).unwrap();
        page.tab.navigate_to(&url).unwrap().wait_until_navigated().unwrap();
        page
    }

    fn ask<M>(&self, parameters: Value) -> M::ReturnObject
    where
        M: Method + serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug,
    {
        self.tab.call_method(serde_json::from_value::<M>(parameters).unwrap()).unwrap()
    }

    /// The value of an expression.
    #[track_caller]
    fn value(&self, expression: &str) -> Value {
        let answer = self.tab.evaluate(&format!("JSON.stringify({expression})"), false).unwrap();
        let text = answer.value.as_ref().unwrap_or_else(|| panic!("{expression}: {answer:?}"));
        serde_json::from_str(text.as_str().unwrap()).unwrap()
    }

    #[track_caller]
    fn click(&self, selector: &str) {
        // Where it cannot be hidden by what sticks to the window's edges.
        let scroll = format!("document.querySelector({selector:?}).scrollIntoView({{block: 'center'}})");
        self.tab.evaluate(&scroll, false).unwrap();
        self.tab.find_element(selector).unwrap().click().unwrap();
    }

    /// Media, colours and width as given.
    fn looks(&self, media: &str, scheme: &str, width: u32) {
        self.ask::<Emulation::SetEmulatedMedia>(json!({
            "media": media,
            "features": [{ "name": "prefers-color-scheme", "value": scheme }],
        }));
        self.ask::<Emulation::SetDeviceMetricsOverride>(json!({
            "width": width, "height": 900, "deviceScaleFactor": 1.0, "mobile": false,
        }));
    }

    /// Elements that stick out of the window, but for those within what is given.
    fn sticking_out(&self, but: &str) -> Value {
        self.value(&format!(
            "Array.from(document.querySelectorAll('body *'))
                .filter((it) => !it.closest({but:?}) && it.getClientRects().length > 0)
                .filter((it) => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
                .map((it) => it.tagName + ' ' + it.textContent.slice(0, 40)).slice(0, 5)"
        ))
    }

    /// Whether the window scrolls down only.
    fn fits(&self) -> bool {
        self.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth") == true
    }

    #[track_caller]
    fn is_silent(&self) {
        // What was said before this answer has been heard.
        self.value("1");
        assert_eq!(*self.said.lock().unwrap(), Vec::<String>::new());
    }
}

/// The texts of a column of the first table of a section, as they stand.
fn column(page: &Page, place: usize) -> Vec<String> {
    let cells = page.value(&format!(
        "Array.from(document.querySelector('#section-kpi_by_agent table.data').tBodies[0].rows)
            .filter((row) => row.checkVisibility()).map((row) => row.cells[{place}].textContent)"
    ));
    serde_json::from_value(cells).unwrap()
}

fn written(path: &Path, args: &[&str]) {
    let args = [args, &["--tz", "Asia/Kolkata", "--format", "html", "-o", path.to_str().unwrap()]].concat();
    let output = run(root(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
}

#[test]
fn a_page_in_a_browser() {
    let folder = folder();
    let Some(browser) = browser(&folder.path().join("profile")) else { return };
    let report = folder.path().join("report.html");
    written(
        &report,
        &[
            "report",
            "fixtures/demo",
            "--roster",
            "fixtures/demo/roster.csv",
            "--agents",
            "fixtures/demo/agents.csv",
            "--customers",
            "fixtures/demo/customers.csv",
        ],
    );
    let page = Page::open(&browser, &report);
    sorts(&page);
    filters(&page);
    defines(&page);
    for scheme in ["light", "dark"] {
        for width in [390, 1280] {
            page.looks("screen", scheme, width);
            assert_eq!(page.sticking_out(SCROLLING), json!([]), "{scheme}, {width}");
            assert!(page.fits(), "{scheme}, {width}");
        }
    }
    let paper = || page.value("getComputedStyle(document.body).backgroundColor");
    let dark = paper();
    page.looks("screen", "light", 1280);
    assert_ne!(paper(), dark);
    page.looks("print", "light", UPRIGHT);
    assert_eq!(page.sticking_out(".across"), json!([]));
    page.looks("print", "light", ACROSS);
    assert_eq!(page.sticking_out("nothing"), json!([]));
    assert!(page.fits());
    page.looks("", "light", 1280);
    prints(&page);
    page.is_silent();

    let hostile = folder.path().join("hostile.html");
    written(&hostile, &["frustration", "fixtures/broken/hostile-names.ndjson"]);
    let page = Page::open(&browser, &hostile);
    page.looks("screen", "light", 390);
    assert_eq!(page.sticking_out(SCROLLING), json!([]));
    assert!(page.fits());
    assert_eq!(page.value("document.scripts.length"), 1);
    page.is_silent();
}

/// By a click and by a key: numbers by their value, from the most on, then texts, missing ones last.
fn sorts(page: &Page) {
    let rates = column(page, 6);
    let name = "document.querySelector('#section-kpi_by_agent thead th:nth-child(7) .name').textContent";
    assert_eq!(page.value(name), "Rejection rate");
    let button = "#section-kpi_by_agent thead th:nth-child(7) button";
    page.click(button);
    let sorted = |texts: &[String]| {
        let mut rates: Vec<f64> = texts.iter().filter_map(|it| it.strip_suffix(" %")?.parse().ok()).collect();
        rates.sort_by(f64::total_cmp);
        let missing = texts.len() - rates.len();
        let mut rates: Vec<String> = rates.iter().map(|it| format!("{it:.1} %")).collect();
        rates.extend(vec!["–".to_owned(); missing]);
        rates
    };
    let mut most_first = sorted(&rates);
    most_first.reverse();
    assert_ne!(rates, most_first);
    assert_eq!(column(page, 6), most_first);
    let heading = "document.querySelector('#section-kpi_by_agent thead th:nth-child(7)')";
    assert_eq!(page.value(&format!("{heading}.ariaSort")), "descending");
    assert_eq!(
        page.value("document.getElementById('status').textContent"),
        "Sorted by Rejection rate, descending"
    );

    page.tab.evaluate(&format!("{heading}.querySelector('button').focus()"), false).unwrap();
    page.tab.press_key("Enter").unwrap();
    assert_eq!(column(page, 6), sorted(&rates));
    assert_eq!(page.value(&format!("{heading}.ariaSort")), "ascending");

    page.click("#section-kpi_by_agent thead th:first-child button");
    let agents = column(page, 0);
    assert!(agents.is_sorted() && agents.len() > 5, "{agents:?}");
}

fn filters(page: &Page) {
    let all = column(page, 0);
    page.click("#kpi_by_agent-filter");
    page.tab.type_str("NEHA").unwrap();
    assert_eq!(column(page, 0).len(), 1);
    assert!(column(page, 0)[0].to_lowercase().contains("neha"));
    let count = page.value("document.querySelector('output[for=kpi_by_agent-filter]').textContent");
    assert_eq!(count, format!("1 of {} rows; the total is of all", all.len()));
    page.tab.press_key("Escape").unwrap();
    assert_eq!(column(page, 0), all);
}

fn defines(page: &Page) {
    let is_open = "document.getElementById('definition').open";
    page.click("#section-kpi_by_agent thead a[href='#def-rejection_rate']");
    assert_eq!(page.value(is_open), true);
    let words = page.value("document.querySelector('#definition .figure').textContent");
    assert!(words.as_str().unwrap().contains("Rejection rate"), "{words}");
    // A figure that the formula names is one click further.
    page.click("#definition a[href='#def-resolved']");
    let words = page.value("document.querySelector('#definition h3').textContent");
    assert!(words.as_str().unwrap().starts_with("Resolved"), "{words}");
    page.tab.press_key("Escape").unwrap();
    assert_eq!(page.value(is_open), false);
}

fn prints(page: &Page) {
    let options = PrintToPdfOptions { prefer_css_page_size: Some(true), ..PrintToPdfOptions::default() };
    let pdf = page.tab.print_to_pdf(Some(options)).unwrap();
    assert!(pdf.starts_with(b"%PDF"));
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.matches("/Type /Page\n").count();
    assert!(pages >= 3, "{pages} pages");
    // Wide tables go across the page.
    let sizes = |size: &str| text.matches(size).count();
    assert!(
        sizes("/MediaBox [0 0 594.95996 841.91998]") > 0 && sizes("/MediaBox [0 0 841.91998 594.95996]") > 0
    );
}
