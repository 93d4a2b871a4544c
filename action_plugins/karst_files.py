"""Ansible action of the module karst_files: the role's templates become text here, and all go to the host at once."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader


class ActionModule(ActionBase):
    """Renders each `template`, hands the rest through, and says aloud what a container made the module skip."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raises AnsibleActionFail with a sentence for each template that could not be rendered."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        faults: list[str] = []
        files = []
        for file in self._task.args.get("files", []):
            try:
                files.append(self._rendered(file, variables))
            except AnsibleError as error:
                faults.append(f"{file.get('template')}: {error}")
        if faults:
            raise AnsibleActionFail("; ".join(faults))
        # Every call would stand in the host's log with the text of all files; Ansible overrides a module's own word.
        quiet = {**variables, "ansible_no_target_syslog": True}
        result = self._execute_module(module_args={**self._task.args, "files": files}, task_vars=quiet)
        if skipped := result.get("skipped_in_container"):
            self._display.display(f"skipped, as {variables['inventory_hostname']} is a container: {'; '.join(skipped)}")
        return dict(result)

    def _rendered(self, file: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        if "template" not in file:
            return file
        rest = {key: value for key, value in file.items() if key != "template"}
        path = self._find_needle("templates", file["template"])
        lookup = lookup_loader.get("ansible.builtin.template", loader=self._loader, templar=self._templar)
        return {**rest, "content": lookup.run([path], variables)[0]}
