//! `pack` and `verify`: one run that leaves a folder, and the check of one.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::args::{Command, InputArgs, PackArgs, VerifyArgs};
use super::commands::Contacts;
use super::config::{self, Place, Settings, Stop};
use super::exit::Exit;
use super::resolve::{self, Env, OutputPlan, Plan};
use super::run::{self, Extra, Failure, Read, Task};
use crate::analysis::{Analysis, Filter};
use crate::document::Parameters;
use crate::input::blocks::Total;
use crate::input::decode::Stamp;
use crate::input::sources::{self, Found, Source};
use crate::output::{Output as OutputFile, folder_of};
use crate::pack::folder::{Refusal, Unfinished};
use crate::pack::manifest::{self, Made, Origin, SideFile};
use crate::pack::verify::{Check, Manifest, Outcome, Recorded};
use crate::pack::{self, Content, MANIFEST, PackFile};
use crate::privacy::{Level, Privacy};
use crate::read::Wants;
use crate::render::{self, Format, RenderError, Style, escape};
use crate::reports::Output;
use crate::section::{Body, Cell, Document, Part, Person, hex};
use crate::text::Text;
use crate::zone::Zone;

/// What a pack wants of the input.
struct Evidence;

impl Task for Evidence {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn wants(&self) -> Wants {
        Wants { digests: true, ..Wants::default() }
    }

    fn report(&self, _analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(Output::default())
    }
}

/// Options that change no byte of a pack, or that name what a pack must not repeat.
const UNRECORDED: [&str; 14] = [
    "inputs",
    "files_from",
    "out",
    "force",
    "jobs",
    "quiet",
    "color",
    "rejects",
    "key_file",
    "config",
    "no_config",
    "strict",
    "block_bytes",
    "output",
];

/// What a run leaves.
struct Packed {
    files: Vec<PackFile>,
    manifest: Vec<u8>,
    /// The date of the files, in Unix milliseconds.
    at: i64,
    defective: bool,
    rejects: Option<OutputFile>,
}

/// `pack`.
pub fn pack(args: &PackArgs, env: &Env, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let found = run::find(&args.common, "pack --month 2026-05 --tz ZONE --out DIR", env)?;
    run::refuse_inputs(&args.common, &env.settings, None, &found.sources)?;
    refuse_inside(&args.out, &args.common.input, &found)?;
    let folder = Unfinished::begin(&args.out, args.force).map_err(|it| refused(it, &args.out))?;
    let rejects = args.common.input.rejects.as_deref().map(run::open).transpose()?;
    let made = make(args, found, &Elsewhere::default(), rejects, env, err)?;
    let Some(Packed { files, manifest, at, defective, rejects }) = made else { return Ok(Exit::Failed) };
    folder.finish(&files, &manifest, at, rejects).map_err(|it| run::unfinished(it, &args.out))?;
    if !args.common.output.quiet {
        let name = args.out.to_string_lossy();
        let digest = hex(&Sha256::digest(&manifest));
        let name = escape::message(&name);
        let told = writeln!(out, "{name}: {} files; the SHA-256 of {MANIFEST} is {digest}", files.len() + 1);
        match told.and_then(|()| out.flush()) {
            Err(it) if it.kind() != ErrorKind::BrokenPipe => {
                return Err(Failure::Unsure(format!(
                    "{name} is made, but standard output, which tells its SHA-256, cannot be written: {it}"
                )));
            }
            _ => {}
        }
    }
    Ok(if defective { Exit::Defective } else { Exit::Complete })
}

/// A pack inside the folder that is read would be an input of the next one.
fn refuse_inside(target: &Path, input: &InputArgs, found: &Found) -> Result<(), Failure> {
    let name = target.to_string_lossy();
    let name = escape::message(&name);
    if target.file_name().is_none() {
        return Err(Failure::Usage(format!("--out: `{name}` is no name; name a new folder")));
    }
    let parent = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).unwrap_or_default();
    let read = |it: &OsString| {
        let path = Path::new(it);
        path.is_dir() && fs::canonicalize(path).is_ok_and(|it| parent.starts_with(it))
    };
    if input.paths.iter().any(read) {
        return Err(Failure::Usage(format!(
            "--out: {name} lies in a folder that is read, and would be read the next time; name one elsewhere"
        )));
    }
    let Ok(real) = fs::canonicalize(target) else { return Ok(()) };
    let rejects = input.rejects.as_deref().map(folder_of);
    if rejects.is_some_and(|it| fs::canonicalize(it).is_ok_and(|it| it.starts_with(&real))) {
        return Err(Failure::Usage(format!(
            "--rejects: its file would lie in the pack {name} and go with the old one; name one elsewhere"
        )));
    }
    let inside = |it: &sources::Source| match &it.place {
        sources::Place::File(path) => fs::canonicalize(path).is_ok_and(|it| it.starts_with(&real)),
        sources::Place::Stdin => false,
    };
    if found.sources.iter().any(inside) {
        return Err(Failure::Usage(format!(
            "--out: {name} holds inputs; name a folder that nothing is read from"
        )));
    }
    Ok(())
}

fn refused(refusal: Refusal, target: &Path) -> Failure {
    let name = target.to_string_lossy();
    let name = escape::message(&name);
    match refusal {
        Refusal::Exists => Failure::Usage(format!(
            "--out: {name} is a pack already; --force replaces it, another name keeps both"
        )),
        Refusal::Foreign(other) => Failure::Usage(format!(
            "--out: {name} holds `{}`, which is no part of the pack and would go with it; move it first",
            escape::message(&other)
        )),
        Refusal::NoPack => Failure::Usage(format!(
            "--out: {name} is there and is no pack, so it is left alone; name a new folder"
        )),
        Refusal::Io(it) => {
            let why = match it.kind() {
                std::io::ErrorKind::NotFound => "its folder does not exist; make it first".to_owned(),
                std::io::ErrorKind::PermissionDenied => "its folder does not let you write".to_owned(),
                _ => it.to_string(),
            };
            Failure::Output(format!("{name} cannot be made: {why}"))
        }
    }
}

/// Where files are that stood elsewhere when a pack was made.
#[derive(Default)]
struct Elsewhere {
    /// The recorded names of dumps by the SHA-256 of their stored bytes.
    names: HashMap<[u8; 32], Vec<Text>>,
    /// Where side files are now.
    side_files: HashMap<PathBuf, PathBuf>,
}

/// Reads, and makes every file; nothing where `--strict` forbids it.
fn make(
    args: &PackArgs,
    mut found: Found,
    elsewhere: &Elsewhere,
    rejects: Option<OutputFile>,
    env: &Env,
    err: &mut dyn Write,
) -> Result<Option<Packed>, Failure> {
    let profiles = if args.rules.is_empty() { Vec::new() } else { resolve::profiles(&args.rules)? };
    let mut plan = Plan::resolve(&args.common, Format::Json, env)?;
    if args.common.output.privacy.is_none() {
        plan.output.privacy.customers = Level::Mask;
    }
    if args.common.output.tz.is_none() {
        return Err(Failure::Usage(
            "--tz: a pack is signed for days and months of one zone; name it, such as `--tz Asia/Kolkata`"
                .to_owned(),
        ));
    }
    if plan.filter.since.is_none() || plan.filter.until.is_none() {
        return Err(Failure::Usage(
            "--month: a pack is made for one period; name it, such as `--month 2026-05`, or by --since and --until"
                .to_owned(),
        ));
    }
    plan.elsewhere = elsewhere.side_files.clone();
    rename(&mut found, &elsewhere.names);
    let side_files = side_files(args, &plan)?;
    let read = run::read(&args.common, plan, found, &Evidence, rejects, env, err)?;
    if args.common.input.strict && read.defective {
        run::refuse_defective(err);
        return Ok(None);
    }
    let Read { plan, analysis, inputs, defective, rejects, .. } = read;
    let own = Contacts(profiles.clone()).parameters();
    let parameters = run::parameters(&args.common, &plan, &analysis, own);
    let content = Content { analysis: &analysis, profiles: &profiles, parameters, zone: &plan.output.zone };
    let mut privacy = Privacy::new(&plan.output.privacy, &analysis);
    let unwritable =
        |it: RenderError| Failure::Output(format!("the pack cannot be made: {}", pack::as_io(it)));
    let files = pack::files(&content, &mut privacy).map_err(unwritable)?;
    let [arguments, environment] = recorded(&plan.settings);
    let made = Made {
        inputs: &inputs,
        side_files,
        filter: &plan.filter,
        arguments,
        environment,
        origins: origins(&plan.settings),
        defective,
    };
    let mut document = manifest::document(&content, &made, &files);
    let told = recorded_values(&document);
    privacy.apply(&mut document);
    // What is hidden here cannot be read from here when the pack is made again.
    let hidden = told.iter().zip(recorded_values(&document)).any(|(told, it)| *told != it);
    for part in document.parts.iter_mut().filter(|it| it.path == [manifest::HIDDEN]) {
        part.body = Body::Value(Cell::Bool(hidden));
    }
    let mut bytes = Vec::new();
    render::render(&document, Format::Json, &style(&plan.output), &mut bytes).map_err(unwritable)?;
    let at = analysis.rebuilt.watermark.or(plan.filter.since).unwrap_or_default();
    Ok(Some(Packed { files, manifest: bytes, at, defective, rejects }))
}

/// What a manifest repeats of the command line and of names of files.
fn recorded_values(document: &Document) -> Vec<Body> {
    const PARTS: [&str; 4] = ["arguments", "environment", "inputs", "side_files"];
    let is_one = |it: &&Part| it.path.first().is_some_and(|it| PARTS.contains(it));
    document.parts.iter().filter(is_one).map(|it| it.body.clone()).collect()
}

fn style(plan: &OutputPlan) -> Style<'_> {
    Style { zone: &plan.zone, width: None, color: false, csv_raw: false, section: None, columns: &[] }
}

/// Side files as they are, so that a later reader knows which.
fn side_files(args: &PackArgs, plan: &Plan) -> Result<Vec<SideFile>, Failure> {
    let rules = &args.common.rules;
    let own = plan.settings.instances.iter().filter_map(|it| it.holidays_file.as_ref());
    let named = [
        ("roster", &rules.roster),
        ("agents", &rules.agents),
        ("customers", &rules.customers),
        ("holidays", &rules.holidays),
        ("config", &plan.settings.config),
    ];
    let named = named.into_iter().filter_map(|(option, path)| Some((option, path.as_ref()?)));
    let all = named.chain(own.map(|it| ("instance holidays", it)));
    all.map(|(option, path)| {
        let bytes = fs::read(plan.place_of(path)).map_err(|it| {
            let name = path.to_string_lossy();
            Failure::Usage(format!("{}: cannot be read: {it}", escape::message(&name)))
        })?;
        let sha256 = Sha256::digest(&bytes).into();
        Ok(SideFile { option, path: Text::new(&path.to_string_lossy()), bytes: bytes.len() as u64, sha256 })
    })
    .collect()
}

/// What was typed, and what the environment said, as far as it decides anything.
fn recorded(settings: &Settings) -> [Vec<(String, Cell)>; 2] {
    let (mut arguments, mut environment) = (Vec::new(), Vec::new());
    for it in settings.origins.iter().filter(|it| !UNRECORDED.contains(&it.key.as_str())) {
        let value = |value: &str| match it.key.as_str() {
            "agent" => Cell::Person(Person::Agent, Text::new(value)),
            "customer" => Cell::Person(Person::Customer, Text::new(value)),
            _ => Cell::Text(Text::new(value)),
        };
        let values: Vec<_> = it.values.iter().map(|it| it.to_string_lossy()).collect();
        match &it.place {
            Place::Flag => arguments.extend(values.iter().map(|typed| (it.key.clone(), value(typed)))),
            Place::Variable(name) => environment.push((name.clone(), value(&values.join("\n")))),
            Place::File(..) | Place::Default => {}
        }
    }
    [arguments, environment]
}

fn origins(settings: &Settings) -> Vec<Origin> {
    let recorded = |it: &&config::Effective| !UNRECORDED.contains(&it.key.as_str());
    let origin = |it: &config::Effective| Origin {
        name: it.key.clone(),
        origin: it.place.origin().name(),
        place: it.place.cell(),
    };
    settings.origins.iter().filter(recorded).map(origin).collect()
}

/// A manifest with everything in it that one can have, for its schema.
/// `place` is where every parameter stands.
pub fn sample(analysis: &Analysis, parameters: Parameters, place: &Cell) -> Result<Document, Failure> {
    let argv = ["callsift", "--no-config", "pack", "--out", "a"].map(OsString::from);
    let settings = match config::parse(&argv, &Env::default()) {
        Ok(it) => it.settings,
        Err(_) => return Err(Failure::Usage("the smallest pack is no command line".to_owned())),
    };
    let mut origins = origins(&settings);
    for it in &mut origins {
        it.place = place.clone();
    }
    let zone = Zone::utc();
    let content = Content { analysis, profiles: &[], parameters, zone: &zone };
    let filter = Filter { since: Some(0), until: Some(0), ..Filter::default() };
    let source = Source { name: Text::new("a"), place: sources::Place::Stdin, bytes: None };
    let stamp = Some(Stamp { bytes: 0, sha256: [0; 32] });
    let made = Made {
        inputs: &[(source.clone(), Total { stamp, ..Total::default() }), (source, Total::default())],
        side_files: vec![SideFile { option: "roster", path: Text::new("a"), bytes: 0, sha256: [0; 32] }],
        filter: &filter,
        arguments: vec![("a".to_owned(), Cell::word("a"))],
        environment: vec![("a".to_owned(), Cell::word("a"))],
        origins,
        defective: false,
    };
    let file = PackFile { name: "a".to_owned(), about: "a".to_owned(), bytes: Vec::new() };
    Ok(manifest::document(&content, &made, &[file]))
}

/// Gives dumps the names that a manifest has for their bytes.
fn rename(found: &mut Found, names: &HashMap<[u8; 32], Vec<Text>>) {
    if names.is_empty() {
        return;
    }
    let mut left = names.clone();
    for source in &mut found.sources {
        let sources::Place::File(path) = &source.place else { continue };
        let stamp = Stamp::of_file(path).ok();
        if let Some(names) = stamp.and_then(|it| left.get_mut(&it.sha256))
            && !names.is_empty()
        {
            source.name = names.remove(0);
        }
    }
    found.sources.sort_by(|a, b| a.name.cmp(&b.name));
}

/// `verify`.
pub fn verify(
    args: &VerifyArgs,
    env: &Env,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let plan = OutputPlan::resolve(&args.output, Format::Table, env)?;
    let name = args.pack.to_string_lossy();
    let name = escape::message(&name);
    let manifest = Manifest::read(&args.pack).map_err(|it| Failure::Usage(format!("{name}: {it}")))?;
    let mut checks = manifest.check(&args.pack);
    if args.inputs.is_empty() {
        for (flag, given) in
            [("--side-file", !args.side_file.is_empty()), ("--key-file", args.output.key_file.is_some())]
        {
            if given {
                return Err(Failure::Usage(format!(
                    "{flag}: says how to make the pack again; --inputs DUMPS does that"
                )));
            }
        }
    } else if checks.iter().all(Check::is_fine) {
        checks.extend(again(args, &manifest, env, err)?);
    }
    let fine = checks.iter().all(Check::is_fine);
    let mut document = manifest.verdict(&name, checks, !args.inputs.is_empty());
    run::write_standalone(&mut document, &plan, out)?;
    Ok(if fine { Exit::Complete } else { Exit::Failed })
}

/// Makes the pack again and compares every byte.
fn again(
    args: &VerifyArgs,
    manifest: &Manifest,
    env: &Env,
    err: &mut dyn Write,
) -> Result<Vec<Check>, Failure> {
    if args.inputs.iter().any(|it| it == "-") {
        return Err(Failure::Usage(
            "--inputs: name files or folders; standard input cannot be read twice".to_owned(),
        ));
    }
    if manifest.arguments_are_hidden() {
        return Err(Failure::Usage(format!(
            "{MANIFEST}: some of the arguments or names of files are hidden by --privacy or --agent-privacy, so \
             the pack cannot be made again from it; run `callsift pack` with the same options and compare the folders"
        )));
    }
    let elsewhere = Elsewhere { names: manifest.names(), side_files: moved(args, manifest)? };
    let Trusted { arguments, environment } = trusted(manifest)?;
    let mut argv: Vec<OsString> = vec!["callsift".into()];
    argv.extend(match manifest.side_files().find(|it| it.option == "config") {
        Some(it) => ["--config".into(), it.path.clone().into_os_string()].to_vec(),
        None => vec!["--no-config".into()],
    });
    argv.extend(["pack".into(), "--quiet".into()]);
    argv.extend(arguments);
    argv.extend(["--out".into(), "again".into()]);
    if let Some(it) = &args.output.key_file {
        argv.extend(["--key-file".into(), it.clone().into_os_string()]);
    }
    if let Some(it) = args.jobs {
        argv.extend(["--jobs".into(), it.to_string().into()]);
    }
    argv.push("--".into());
    argv.extend(args.inputs.iter().cloned());
    let env = Env { variables: environment, stdin_is_fed: false, ..env.clone() };
    let parsed = config::parse(&argv, &env).map_err(|it| match it {
        Stop::Clap(it) => Failure::Usage(format!(
            "{MANIFEST} holds arguments that this version does not take: {}",
            escape::message(it.render().to_string().lines().next().unwrap_or_default())
        )),
        Stop::Usage(it) => it.into(),
    })?;
    let Command::Pack(again) = parsed.cli.command else {
        return Err(Failure::Usage(format!("{MANIFEST} holds the arguments of another command")));
    };
    let env = Env { settings: parsed.settings, ..env };
    let plan = OutputPlan::resolve(&again.common.output, Format::Json, &env)?;
    if let (Some(key), Some(id)) = (&plan.privacy.key, manifest.key_id())
        && key.id() != id
    {
        return Err(Failure::Usage("--key-file: the pack was made with another key (key_id)".to_owned()));
    }
    let found = run::find(&again.common, "verify DIR --inputs", &env)?;
    let missing = manifest.missing_inputs(&found);
    if !missing.is_empty() {
        return Ok(missing);
    }
    let made = make(&again, found, &elsewhere, None, &env, err)?;
    Ok(match made {
        Some(it) => manifest.compare(&args.pack, &it.files, &it.manifest),
        None => vec![Check::new("inputs", "", Outcome::Changed, "the input is defective")],
    })
}

/// What decides how a pack is made again.
struct Trusted {
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

/// The recorded arguments and variables, as far as a pack can have recorded them: whoever changed the
/// manifest must not decide what is read or written here.
fn trusted(manifest: &Manifest) -> Result<Trusted, Failure> {
    const FILES: [&str; 4] = ["roster", "agents", "customers", "holidays"];
    let sides: Vec<_> = manifest.side_files().collect();
    let is_allowed = |key: &str, value: &str| {
        let plain = key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_' || it.is_ascii_digit());
        let named = || sides.iter().any(|it| it.option == key && it.path == Path::new(value));
        plain && !UNRECORDED.contains(&key) && (!FILES.contains(&key) || named())
    };
    let refused = |it: &str| {
        Failure::Usage(format!("{MANIFEST}: `{}` is nothing that a pack records", escape::message(it)))
    };
    let mut arguments = Vec::new();
    for (key, value) in manifest.arguments() {
        if !is_allowed(&key, &value) {
            return Err(refused(&key));
        }
        arguments.push(format!("--{}={value}", key.replace('_', "-")).into());
    }
    let mut environment = Vec::new();
    for (name, value) in manifest.environment() {
        let key = name.strip_prefix("CALLSIFT_").map(str::to_ascii_lowercase);
        if !key.is_some_and(|it| is_allowed(&it, &value)) {
            return Err(refused(&name));
        }
        environment.push((name.into(), value.into()));
    }
    Ok(Trusted { arguments, environment })
}

/// Where the side files of a pack are now: where they were, or among those that are named, told by
/// their bytes.
fn moved(args: &VerifyArgs, manifest: &Manifest) -> Result<HashMap<PathBuf, PathBuf>, Failure> {
    // A manifest can name anything; what is no plain file of that size is not read.
    let is_it = |path: &Path, it: &Recorded| {
        fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() == it.bytes)
            && fs::read(path).is_ok_and(|there| hex(&Sha256::digest(&there)) == it.sha256)
    };
    let mut moved = HashMap::new();
    for it in manifest.side_files() {
        if is_it(&it.path, &it) {
            continue;
        }
        if it.option == "config" {
            let name = it.path.to_string_lossy();
            return Err(Failure::Usage(format!(
                "{}: the configuration is not there as it was; what it names is found beside it, so put it back",
                escape::message(&name)
            )));
        }
        let now = args.side_file.iter().find(|path| is_it(path, &it));
        let Some(now) = now else {
            let name = it.path.to_string_lossy();
            return Err(Failure::Usage(format!(
                "{} ({}) is not there as it was; name the file with the SHA-256 {} by --side-file",
                escape::message(&name),
                escape::message(&it.option),
                escape::message(&it.sha256)
            )));
        };
        moved.insert(it.path.clone(), now.clone());
    }
    Ok(moved)
}
