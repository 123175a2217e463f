--- An unmodified Emacs, set up by `tandem setup emacs` and by nothing else: eglot, which comes with it, and lsp-mode.
--- `nvim -l tests/editors/emacs.lua`, started by run.sh. The cases are in emacs/*.el; Emacs runs them in batch mode.
package.path = vim.fs.dirname(arg[0]) .. '/?.lua;' .. package.path
local check = require('check')
local scratch = require('scratch')
local double = require('double')

double.need('Emacs')
local emacs = vim.env.EDITOR_TEST_EMACS
if not emacs or emacs == '' then
  check.note('SKIPPED Emacs: scripts/get-editors.sh emacs cannot get it here')
  os.exit(0)
end
emacs = emacs .. '/bin/emacs'

local JOBS = table.concat({
  'def retry_later(job):',
  '    """Tries once more after a pause."""',
  '    return job',
  '',
  '',
  '# ask: what does this do?',
  'def run(job):',
  '    return retry_later(job)',
  '',
}, '\n')
local ANSWER = 'It runs a job, and tries again later: see jobs.py:7 and jobs.py:1.\n\n'
  .. ('One more sentence of the answer. '):rep(12)
  .. '\n\nNothing is at nowhere.py:3.\n'

local provider, settings = double.start('emacs-answer', ANSWER, 60)
settings.TANDEM_COMPLETION_EAGERNESS = 'high'
settings.EDITOR_TEST_PATIENCE_MS = tostring(check.patience)

local failed = false
for _, client in ipairs({ 'eglot', 'lsp-mode' }) do
  local environment, workspace = scratch.home('emacs-' .. client, settings)
  scratch.write(workspace .. '/jobs.py', JOBS)
  local setup = vim.env.EDITOR_TEST_SETUP or scratch.tandem
  local arguments = { setup, 'setup', 'emacs', '--yes', '--command', 'tandem' }
  local written = vim.system(arguments, { env = environment, text = true }):wait()
  check.truthy(written.code == 0, 'tandem setup emacs: ' .. written.stdout .. written.stderr)
  local scripts = scratch.repository .. '/tests/editors/emacs'
  local ended = vim
    .system({
      emacs,
      '--batch',
      '--directory',
      scripts,
      '--load',
      environment.HOME .. '/.emacs.d/init.el',
      '--load',
      scripts .. '/drive-' .. client .. '.el',
    }, { cwd = workspace, env = environment, text = true, timeout = 200000 })
    :wait()
  for line in ended.stdout:gmatch('[^\n]+') do
    check.note('%s', (line:gsub('^%W*ok ', 'ok ' .. client .. ': '):gsub('^FAILED ', 'FAILED ' .. client .. ': ')))
  end
  -- One that ends before its last case says nothing of it.
  if ended.code ~= 0 then
    failed = true
    check.note('%s ended with %d:\n%s', client, ended.code, ended.stderr:sub(-3000))
  end
  scratch.wait_until_gone(environment)
end

vim.fn.jobstop(provider)
os.exit(failed and 1 or 0)
