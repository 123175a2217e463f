;;; drive-lsp-mode.el --- Emacs with lsp-mode -*- lexical-binding: t -*-

;;; Commentary:
;; Suggestions are ghost text (lsp-inline-completion), questions are code actions, the answer is a buffer that grows.

;;; Code:

;; As a package manager does it.
(load "lsp-mode-autoloads" nil t)
(require 'tandem-check)
(setq lsp-enable-snippet nil lsp-auto-guess-root t lsp-enable-file-watchers nil lsp-restart 'ignore lsp-enable-suggest-server-download nil
      lsp-warn-no-matched-clients nil lsp-session-file (expand-file-name "lsp-session" temporary-file-directory))
(require 'lsp-mode)
(require 'lsp-inline-completion)

(defun check-lsp (file)
  "Open FILE and start lsp-mode in it."
  (find-file file)
  (lsp)
  (check-wait "the server" (lambda () (lsp-feature? "textDocument/inlineCompletion")) #'lsp-workspaces))

(check-case "lsp-mode starts Tandem as an additional server"
  (check-lsp "orders.py")
  (check-equal '(tandem) (mapcar (lambda (it) (lsp--client-server-id (lsp--workspace-client it))) (lsp-workspaces))
               "the servers")
  (check-equal nil (lsp-feature? "textDocument/completion") "completion beside inline completion"))

(defun check-ghost ()
  "Ask for ghost text at point as a user does and return what is shown."
  (lsp-inline-completion-display)
  (and (lsp-inline-completion--active-p)
       (ht-get (elt lsp-inline-completion--items lsp-inline-completion--current) "insertText")))

(check-case "ghost text appears and is inserted"
  (check-new-line check-typed)
  (check-equal check-rest (check-wait "the suggestion" #'check-ghost #'check-line) "the suggestion")
  (lsp-inline-completion-accept)
  (check-equal (concat "        " check-typed check-rest) (check-line) "the line")
  (insert "\n"))

(check-case "text of many bytes before the cursor moves nothing"
  (check-new-line (concat "x = \"🦀é\" and " check-typed))
  (check-wait "the suggestion" #'check-ghost #'check-line)
  (lsp-inline-completion-accept)
  (check-equal (concat "        x = \"🦀é\" and " check-typed check-rest) (check-line) "the line"))

(check-case "a comment is asked by its code action, and the answer grows"
  (check-lsp "jobs.py")
  (check-choose "Ask: what does this do?" "Trust" "This time" "Show")
  (goto-char (point-min))
  (search-forward "# ask:")
  (call-interactively #'lsp-execute-code-action)
  (check-whole-answer)
  (let ((all (mapconcat #'identity check-asked "\n")))
    (unless (and (string-search "api.anthropic.com" all) (string-search "Cost: $" all))
      (error "what was asked: %s" all))))

(check-finish)
;;; drive-lsp-mode.el ends here
