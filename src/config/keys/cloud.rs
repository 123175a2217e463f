//! The keys of questions: which cloud model, what it may cost, what may be sent.
//!
//! All of them are guarded: an editor fills its settings from the folder, too, so what it says counts as the folder's and
//! can only tighten. What widens stands in the user's file, in the environment, or on the command line.

use super::{Key, Kind, Tighten, guarded, integer};

pub(super) const KEYS: &[Key] = &[
    guarded(
        "cloud.enabled",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Cloud models may be asked, once there are a `cloud.provider` and a monthly limit in `budget.limits`. `false` keeps \
         every question on this machine.",
    ),
    guarded(
        "cloud.provider",
        Kind::Text,
        Tighten::Never,
        "Who is asked: `anthropic`, `openai`, `gemini`, `bedrock`, `azure`, `openrouter`, `mistral`, `deepseek`, or a name \
         from `cloud.providers`. Empty: nobody.",
    ),
    guarded("cloud.model", Kind::Text, Tighten::Never, "The model's id, as the provider spells it."),
    guarded(
        "cloud.providers.*.kind",
        Kind::Choice(&[
            "anthropic",
            "openai",
            "openai-chat",
            "gemini",
            "bedrock",
            "azure",
            "openrouter",
            "mistral",
            "deepseek",
            "compatible",
        ]),
        Tighten::Never,
        "What the provider named `*` speaks. `compatible` is any server with OpenAI's chat completions.",
    ),
    guarded(
        "cloud.providers.*.baseUrl",
        Kind::Text,
        Tighten::Never,
        "Its address. `https` only, except on this machine.",
    ),
    guarded("cloud.providers.*.keyEnv", Kind::Text, Tighten::Never, "The environment variable that holds its key."),
    guarded(
        "cloud.providers.*.keyCommand",
        Kind::TextList,
        Tighten::Never,
        "A program and its arguments that print its key.",
    ),
    guarded(
        "cloud.providers.*.keyring",
        Kind::Text,
        Tighten::Never,
        "The entry of the system's keyring that holds its key.",
    ),
    guarded(
        "cloud.providers.*.region",
        Kind::Text,
        Tighten::Never,
        "The region of Bedrock, for example `eu-central-1`.",
    ),
    guarded(
        "cloud.providers.*.priceAs",
        Kind::Text,
        Tighten::Never,
        "The row of the price table that holds for its model: needed where the model's id says nothing, as an Azure \
         deployment's.",
    ),
    guarded(
        "cloud.providers.*.apiVersion",
        Kind::Text,
        Tighten::Never,
        "The version of its interface that is asked for, where a gateway lags behind.",
    ),
    guarded(
        "cloud.providers.*.auth",
        Kind::Choice(&["bearer"]),
        Tighten::Never,
        "`bearer` shows its key as `authorization: Bearer`, which some gateways want whatever they speak. Left out, as the \
         kind's own servers want it.",
    ),
    guarded(
        "cloud.providers.*.isLocal",
        Kind::Bool,
        Tighten::Never,
        "Its server belongs to you: what is sent there counts as local, and costs nothing. Left out, an address of this \
         machine counts so; `false` there is for a gateway to a paid service.",
    ),
    guarded(
        "cloud.maxOutputTokens",
        integer(256, 128_000),
        Tighten::OnlyLower,
        "Most tokens of an answer, the model's reasoning included. All of them are reserved before a question is sent.",
    ),
    guarded(
        "cloud.effort",
        Kind::Choice(&["low", "medium", "high"]),
        Tighten::OnlyLower,
        "How much the model is to think.",
    ),
    guarded(
        "cloud.consent",
        Kind::Choice(&["every", "workspace"]),
        Tighten::OnlyLower,
        "`workspace`: you may allow questions of a workspace once for all; a much larger one is asked about again. `every`: \
         each question is shown before it is sent.",
    ),
    guarded(
        "cloud.caFile",
        Kind::Path,
        Tighten::Never,
        "Certificates in PEM that are trusted besides the system's, for a proxy that looks into TLS.",
    ),
    guarded(
        "budget.limits",
        Kind::TextList,
        Tighten::OnlyAdd,
        "What may be spent, each as `$20 per month`, `500000 tokens per day`, `$2 per day for workspace`, `$5 per month for \
         provider openai`, `for model gpt-6.1-sol` or `for suggestions`. Periods: request, session, hour, day, month. All of them \
         hold. Cloud models are off until there is a monthly one.",
    ),
    guarded(
        "budget.timeZone",
        Kind::Text,
        Tighten::Never,
        "Where days and months begin, for example `Europe/Berlin`. Providers count in UTC.",
    ),
    guarded(
        "budget.ledger",
        Kind::Text,
        Tighten::Never,
        "Empty: a file of yours. `postgres://…`: a database that a team shares, for limits that hold for all of it.",
    ),
    guarded(
        "budget.burstPercent",
        integer(1, 100),
        Tighten::OnlyLower,
        "You are asked before more than this share of a day's limit is spent within five minutes. `100`: never.",
    ),
    guarded(
        "privacy.localOnly",
        Kind::PatternList,
        Tighten::OnlyAdd,
        "Paths, as in `.gitignore`, that no request may hold. A question about them stays on this machine.",
    ),
    guarded(
        "privacy.internal",
        Kind::PatternList,
        Tighten::OnlyAdd,
        "Paths that you are asked about before they are sent, whatever you allowed before.",
    ),
    guarded(
        "privacy.secrets",
        Kind::Choice(&["local", "redact"]),
        Tighten::OnlyLower,
        "What happens to a question in which a secret is found: `redact` sends it with a placeholder in the secret's \
         place, `local` keeps it on this machine. Private keys and cloud keys always keep it here.",
    ),
    guarded(
        "privacy.keepContents",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Keep what was sent and answered along with its audit record, on this machine.",
    ),
    guarded("privacy.auditDays", integer(1, 3650), Tighten::Never, "Days that audit records are kept."),
    guarded(
        "ask.route",
        Kind::Choice(&["local", "ask", "auto", "cloud"]),
        Tighten::OnlyLower,
        "Where questions are answered: `local` on this machine, `cloud` by the provider where policy and budget allow, \
         `auto` as the question needs, `ask` as `auto`, but you are asked before a cloud model is.",
    ),
    guarded(
        "ask.contextTokens",
        integer(1_000, 900_000),
        Tighten::OnlyLower,
        "Most tokens of context that a question takes along to a cloud model.",
    ),
    guarded(
        "ask.comments",
        Kind::Bool,
        Tighten::OnlyFalse,
        "A comment that begins with `ask:` or `??` becomes a code action.",
    ),
    guarded(
        "ask.keepThreads",
        Kind::Bool,
        Tighten::OnlyFalse,
        "Keep questions and answers in a file of yours, so that they can be gone on with later.",
    ),
];
