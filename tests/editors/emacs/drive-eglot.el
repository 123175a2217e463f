;;; drive-eglot.el --- Emacs with its built-in client -*- lexical-binding: t -*-

;;; Commentary:
;; Suggestions stand in the completion menu, questions are code actions, the answer is a buffer that grows.

;;; Code:

(require 'tandem-check)
(require 'eglot)
;; Without a key as the last event eglot would open a menu of the window system.
(setq eglot-sync-connect 30 eglot-autoshutdown t last-nonmenu-event ?a)

(find-file "orders.py")

(check-case "eglot starts Tandem by the command that setup defines"
  (unless (fboundp 'tandem-eglot) (error "the init file defines no tandem-eglot"))
  (call-interactively #'tandem-eglot)
  (let ((server (check-wait "the server" #'eglot-current-server)))
    (check-equal "tandem" (plist-get (eglot--server-info server) :name) "the server's name")
    (unless (plist-get (eglot--capabilities server) :completionProvider) (error "no completion"))))

(check-case "completion at point inserts the suggestion"
  (check-new-line check-typed)
  (check-wait "the text in the buffer"
              (lambda ()
                (completion-at-point)
                (equal (check-line) (concat "        " check-typed check-rest)))
              #'check-line)
  (insert "\n"))

(check-case "text of many bytes before the cursor moves nothing"
  (check-new-line (concat "x = \"🦀é\" and " check-typed))
  (check-wait "the text in the buffer"
              (lambda ()
                (completion-at-point)
                (equal (check-line) (concat "        x = \"🦀é\" and " check-typed check-rest)))
              #'check-line))

(find-file "jobs.py")
(setq-local eglot-server-programs (list (cons major-mode '("tandem" "serve"))))
(check-wait "jobs.py to be managed" (lambda () (eglot--maybe-activate-editing-mode) (eglot-managed-p)))

(check-case "a comment is asked by its code action, and the answer grows"
  (check-choose "Ask: what does this do?" "Trust" "This time" "Show")
  (goto-char (point-min))
  (search-forward "# ask:")
  (advice-add 'y-or-n-p :override (lambda (&rest _) t))
  (call-interactively #'eglot-code-actions)
  (check-whole-answer)
  (let ((all (mapconcat #'identity check-asked "\n")))
    (unless (and (string-search "api.anthropic.com" all) (string-search "Cost: $" all))
      (error "what was asked: %s" all))))

(check-case "quitting leaves no process"
  (let ((server (eglot-current-server)))
    (eglot-shutdown server)
    (check-wait "its end" (lambda () (not (jsonrpc-running-p server))))))

(check-finish)
;;; drive-eglot.el ends here
