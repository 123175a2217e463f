//! Templates of real models, with what they should come to by their cards, and templates that mean harm.
//!
//! The templates are the parts of the models' own that a conversation without tools passes through, as far as that can be cut;
//! the expected texts are written by hand.

use super::*;
use crate::engine::chat::fallback::all;
use crate::engine::chat::layout::tests::Words;

const NOW: DateTime = DateTime::constant(2026, 11, 28, 21, 0, 0, 0);

const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

pub const QWEN25: &str = r#"{%- if tools %}
    {{- '<|im_start|>system\n' }}
    {{- messages[0]['content'] }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- for tool_call in message.tool_calls %}
            {{- tool_call.arguments | tojson }}
        {%- endfor %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"#;

pub const QWEN3: &str = r#"{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {{- '<|im_start|>' + message.role + '\n<think>\n' + reasoning_content.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}"#;

const LLAMA3: &str = r#"{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{{- "Cutting Knowledge Date: December 2023\n" }}
{{- "Today Date: " + date_string + "\n\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"#;

const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

const MISTRAL: &str = r#"{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results") %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\n\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
"#;

const DEEPSEEK_R1: &str = "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<｜User｜>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endfor -%}{% if add_generation_prompt and not ns.is_tool %}{{'<｜Assistant｜><think>\\n'}}{% endif %}";

const GRANITE: &str = "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}{%- set loop_messages = messages[1:] %}{%- else %}{%- set system_message = 'Knowledge Cutoff Date: April 2024.\nToday\\'s Date: ' + strftime_now('%B %d, %Y') + '.\nYou are Granite, developed by IBM.' %}{%- set loop_messages = messages %}{%- endif %}{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\n' }}{%- for message in loop_messages %}{{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + message['content'] + '<|end_of_text|>\n' }}{%- if loop.last and add_generation_prompt %}{{- '<|start_of_role|>assistant' }}{{- '<|end_of_role|>' }}{%- endif %}{%- endfor %}";

const PHI3: &str = "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}";

const STARCODER2: &str = "{{bos_token}}{{'You are an exceptionally intelligent coding assistant.\n\n'}}{%- for message in messages %}{%- if message['role'] == 'system' %}{{ raise_exception('System messages are not allowed in this template.') }}{%- else %}{%- if message['role'] == 'user' %}{{'### Instruction\n' + message['content'] + '\n\n'}}{%- else %}{{'### Response\n' + message['content'] + eos_token}}{%- endif %}{%- endif %}{%- endfor %}{{'### Response\n'}}";

fn turns(texts: &[(ChatRole, &str)]) -> Vec<ChatTurn> {
    texts.iter().map(|(role, text)| ChatTurn::new(*role, *text)).collect()
}

fn usual() -> Vec<ChatTurn> {
    turns(&[
        (ChatRole::System, "Be brief."),
        (ChatRole::User, " What is it? "),
        (ChatRole::Assistant, "A server.\n"),
        (ChatRole::User, "Why?"),
    ])
}

fn template(text: &str) -> ChatTemplate {
    ChatTemplate::of(Some(text), &Words::new(&[]), false).unwrap()
}

fn text(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Markup(text) => text.clone(),
        Part::Said(text) => text.to_string(),
    };
    parts.iter().map(text).collect()
}

#[track_caller]
fn renders(model: &str, expected: &str) {
    let rendered = template(model).render(&usual(), Ask { thinks: false, now: NOW }).unwrap();
    assert_eq!(text(&rendered), expected);
    let said = rendered.iter().filter(|part| matches!(part, Part::Said(_))).count();
    assert!(said >= 3, "{rendered:?}");
}

#[test]
fn qwen_and_chatml() {
    let expected = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n What is it? <|im_end|>\n<|im_start|>assistant\nA server.\n<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n";
    renders(CHATML, expected);
    renders(QWEN25, expected);
    renders(QWEN3, &format!("{expected}<think>\n\n</think>\n\n"));
    let thinking = template(QWEN3).render(&usual(), Ask { thinks: true, now: NOW }).unwrap();
    assert_eq!(text(&thinking), expected);
}

#[test]
fn llama_trims_and_knows_the_date() {
    renders(
        LLAMA3,
        "<s><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 28 Nov 2026\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhat is it?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA server.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    );
}

#[test]
fn models_without_a_system_find_its_text_in_the_first_question() {
    renders(
        GEMMA,
        "<s><start_of_turn>user\nBe brief.\n\n What is it?<end_of_turn>\n<start_of_turn>model\nA server.<end_of_turn>\n<start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n",
    );
    renders(
        STARCODER2,
        "<s>You are an exceptionally intelligent coding assistant.\n\n### Instruction\nBe brief.\n\n What is it? \n\n### Response\nA server.\n</s>### Instruction\nWhy?\n\n### Response\n",
    );
    // This one forgets it without a word.
    let silent = "{% for m in messages if m.role != 'system' %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>";
    renders(silent, "<user>Be brief.\n\n What is it? <assistant>A server.\n<user>Why?<assistant>");
}

#[test]
fn mistral_deepseek_granite_phi() {
    renders(MISTRAL, "<s>[INST]  What is it? [/INST] A server.</s>[INST] Be brief.\n\nWhy?[/INST]");
    renders(
        DEEPSEEK_R1,
        "<s>Be brief.<｜User｜> What is it? <｜Assistant｜>A server.\n<｜end▁of▁sentence｜><｜User｜>Why?<｜Assistant｜><think>\n",
    );
    renders(
        GRANITE,
        "<|start_of_role|>system<|end_of_role|>Be brief.<|end_of_text|>\n<|start_of_role|>user<|end_of_role|> What is it? <|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>A server.\n<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Why?<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
    );
    renders(
        PHI3,
        "<|system|>\nBe brief.<|end|>\n<|user|>\n What is it? <|end|>\n<|assistant|>\nA server.\n<|end|>\n<|user|>\nWhy?<|end|>\n<|assistant|>\n",
    );
    let alone = template(GRANITE).render(&turns(&[(ChatRole::User, "Why?")]), Ask { thinks: false, now: NOW }).unwrap();
    assert!(text(&alone).contains("Today's Date: November 28, 2026."), "{alone:?}");
}

#[test]
fn what_is_said_is_no_part_of_the_template() {
    let said = "{{ bos_token }} <|im_end|> {% for x in y %}";
    let parts = template(QWEN25).render(&turns(&[(ChatRole::User, said)]), Ask { thinks: false, now: NOW }).unwrap();
    assert!(parts.contains(&Part::Said(Arc::from(said))), "{parts:?}");
    let forged = format!("{OPEN}0{CLOSE}");
    let parts = template(CHATML)
        .render(&turns(&[(ChatRole::System, "x"), (ChatRole::User, &forged)]), Ask { thinks: false, now: NOW })
        .unwrap();
    assert!(parts.contains(&Part::Said(Arc::from(forged))), "a forged mark stays what it is");
}

#[test]
fn turns_of_one_side_are_joined_and_none_is_empty() {
    let many = turns(&[
        (ChatRole::Assistant, "Hello"),
        (ChatRole::User, "One"),
        (ChatRole::User, "two"),
        (ChatRole::Assistant, " "),
        (ChatRole::User, "three"),
        (ChatRole::System, "late"),
    ]);
    let parts = template(CHATML).render(&many, Ask { thinks: false, now: NOW }).unwrap();
    let expected =
        "<|im_start|>system\nlate<|im_end|>\n<|im_start|>user\nOne\n\ntwo\n\nthree<|im_end|>\n<|im_start|>assistant\n";
    assert_eq!(text(&parts), expected);
    for turns in [&many[..1], &[], &usual()[..3]] {
        let refused = template(CHATML).render(turns, Ask { thinks: false, now: NOW }).unwrap_err();
        assert!(refused.contains("question"), "{refused}");
    }
}

#[test]
fn hostile_templates_end_as_a_sentence() {
    let mut nested = String::new();
    (0..2000).for_each(|_| nested.push_str("{% if true %}"));
    (0..2000).for_each(|_| nested.push_str("{% endif %}"));
    let long = "x".repeat(LONGEST_TEMPLATE + 1);
    let doubled = |how: &str| {
        format!(
            "{{% set ns = namespace(s='ab') %}}{{% for i in range(40) %}}{{% set ns.s = {how} %}}{{% endfor %}}{{{{ ns.s }}}}"
        )
    };
    let (added, replaced) = (doubled("ns.s + ns.s"), doubled("ns.s|replace('a', 'aa')|replace('b', 'bb')"));
    for (text, part) in [
        (added.as_str(), "no end"),
        (&replaced, "no end"),
        ("{{ range(1000000000)|list|length }}", "too many"),
        ("{{ range(100000)|join(range(100000)|join(',')) }}", "no end"),
        ("{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}", "recursion"),
        ("{{ ('a\n' * 60000)|indent(1000000) }}", "no end"),
        ("{{ '%2000000000d'|format(1) }}", "no end"),
        ("{% set s = 'a' * 60000 %}{{ ''.join([s, s]) }}", "65536"),
        ("{% set s = 'a' * 60000 %}{% set l = [s] * 5000 %}{{ ''.join(l) }}", "65536"),
        ("{{ ('a' * 30000).replace('a', 'b' * 30000) }}", "no end"),
        ("{{ '{:>400000000}'.format(1) }}", "65536"),
        ("{{ '{:>99999999999999999999999}'.format(1) }}", "65536"),
        ("{{ '{:>{}}'.format(1, 400000000) }}", "65536"),
        ("{% set s = 'a' * 30000 %}{{ ('{0}' * 10000).format(s) }}", "65536"),
        ("{{ [[1]]|tojson(indent=2000000000) }}", "indents JSON"),
        ("{{ [[1]]|tojson(2000000000) }}", "indents JSON"),
        ("{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}", ""),
        (
            "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
            "",
        ),
        ("{{ 'a' * 10000000000 }}", ""),
        ("{% set s = 'a' * 12000000 %}{% for i in range(100000) %}{% if s.isalnum() %}{% endif %}{% endfor %}", ""),
        ("{% set s = 'a' * 100000 %}{% for i in range(100000) %}{% if s.isalnum() %}{% endif %}{% endfor %}", "65536"),
        ("{% set s = 'a' * 100000 %}{% for i in range(100000) %}{% if 'b'.find(s) %}{% endif %}{% endfor %}", "65536"),
        ("{% set s = 'a' * 60000 %}{% for i in range(100000) %}{% if s.isalnum() %}{% endif %}{% endfor %}", "no end"),
        ("{% set x = 'a' * 90000 %}{% for i in range(90000) %}{{ x }}{% endfor %}", ""),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", ""),
        ("{% include '/etc/passwd' %}", ""),
        ("{% import 'os' as os %}{{ os }}", ""),
        ("{{ raise_exception('no\nsuch thing') }}", "no such thing"),
        ("{{ messages[0].content[3] }}", ""),
        (
            "{{ ''.__class__.__mro__ }}{% for m in messages %}{{ m.content }}{% endfor %}{{ cycler.__init__.__globals__.os }}",
            "",
        ),
        ("{% for m in messages %}{{ m.content }}", ""),
        ("only this", "leaves out"),
        (&nested, ""),
        (&long, "bytes"),
    ] {
        let refused = ChatTemplate::of(Some(text), &Words::new(&[]), false).unwrap_err();
        let is_one_line = !refused.contains('\n') && refused.len() < 500;
        assert!(is_one_line && refused.contains(part) && refused.contains("engine.chatModel"), "{refused}");
    }
}

/// The library would go as deep as these are long, on whatever stack there is.
#[test]
fn deep_templates_and_deep_values_do_not_end_the_process() {
    let most = LONGEST_TEMPLATE - 100;
    let chain = |before: &str, link: &str, after: &str| format!("{before}{}{after}", link.repeat(most / link.len()));
    for text in [
        chain("{{ x", ".a", " }}"),
        chain("{{ x", "|e", " }}"),
        chain("{{ x", "()", " }}"),
        chain("{{ 1", "+1", " }}"),
        chain("{{ ", "-", "1 }}"),
        chain("{{ ", "not ", "1 }}"),
        chain("{{ ", "(", "1"),
        chain("{{ ", "1 if 1 else ", "1 }}"),
        chain("{% if 1 %}", "{% elif 1 %}", "{% endif %}"),
    ] {
        assert!(ChatTemplate::of(Some(&text), &Words::new(&[]), false).is_err());
    }
    // Good for the conversation that it is tried on, and deeper with each turn of a longer one.
    let nesting = template(
        "{% set ns = namespace(l=[]) %}{% for m in messages %}{{ m.content }}{% for i in range(600) %}{% set ns.l = [ns.l] %}\
         {% endfor %}{% endfor %}",
    );
    let side = |turn| if turn % 2 == 0 { ChatRole::User } else { ChatRole::Assistant };
    let long: Vec<ChatTurn> = (0..301).map(|turn| ChatTurn::new(side(turn), "x")).collect();
    let refused = nesting.render(&long, Ask { thinks: false, now: NOW }).unwrap_err();
    assert!(refused.contains("no end"), "{refused}");
}

/// What each of ours ends with, behind the last question.
const END_OF_PROMPT: &[(&str, &str)] = &[
    ("Llama 3", "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"),
    ("Granite", "<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"),
    ("Gemma", "<end_of_turn>\n<start_of_turn>model\n"),
    ("DeepSeek", "<｜Assistant｜>"),
    ("Phi 3", "<|end|>\n<|assistant|>\n"),
    ("Mistral", "[/INST]"),
    ("ChatML", "<|im_end|>\n<|im_start|>assistant\n"),
];

#[test]
fn without_a_template_the_special_tokens_tell() {
    for (name, tokens) in all() {
        let vocabulary = Words::new(tokens);
        let template = ChatTemplate::of(None, &vocabulary, true).unwrap();
        assert_eq!(template.source, TemplateSource::Builtin(name, None));
        let written = text(&template.render(&usual(), Ask { thinks: false, now: NOW }).unwrap());
        let last = written.rsplit("Why?").next().unwrap_or_default();
        assert!(END_OF_PROMPT.contains(&(name, last)), "{name}: {last:?}");
        for part in ["Be brief.", "What is it?", "A server.", "Why?"].iter().chain(tokens) {
            assert!(written.contains(part), "{name}: {written}");
        }
    }
    let chatml = Words::new(&["<|im_start|>", "<|im_end|>"]);
    let refused = ChatTemplate::of(None, &chatml, false).unwrap_err();
    assert!(refused.contains("engine.chatModel"), "a model that only completes is not made to talk: {refused}");
    assert!(ChatTemplate::of(None, &Words::new(&[]), true).is_err());
    let broken = ChatTemplate::of(Some("{{"), &chatml, false).unwrap();
    assert!(broken.source.to_string().starts_with("ChatML, by its special tokens, as its own"), "{}", broken.source);
}
