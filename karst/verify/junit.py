"""A report as JUnit's XML, which every CI reads: a suite a device, a case a check and part."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from karst.verify.finding import Finding, Outcome
from karst.verify.verify import Report


def junit(report: Report) -> bytes:
    """Return the document. Failed is a failure, unobserved an error, excused or not looked at a skipped case."""
    root = Element("testsuites", name=f"karst verify {report.site}", time=f"{report.took_s:.3f}")
    for device, findings in groupby(sorted(report.findings), key=lambda each: each.device):
        _suite(root, device, list(findings))
    for device, why in sorted(report.left_out.items()):
        suite = SubElement(root, "testsuite", name=device, tests="1", failures="0", errors="0", skipped="1")
        case = SubElement(suite, "testcase", classname=device, name="not looked at")
        SubElement(case, "skipped", message=why)
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(root: Element, device: str, findings: list[Finding]) -> None:
    suite = SubElement(root, "testsuite", name=device, tests=str(len(findings)))
    for each in findings:
        # Where several verdicts are of one part, the case's name tells them apart no more than their sentences do.
        case = SubElement(suite, "testcase", classname=device, name=" ".join(filter(None, (each.check, each.part))))
        if each.excused:
            SubElement(case, "skipped", message=f"{each.outcome}: {each.sentence} ({each.excused})")
        elif each.outcome is Outcome.FAILED:
            SubElement(case, "failure", type=each.alert.value, message=each.sentence)
        elif each.outcome is Outcome.UNOBSERVED:
            SubElement(case, "error", type="unobserved", message=each.sentence)
    suite.set("failures", _number(findings, Outcome.FAILED))
    suite.set("errors", _number(findings, Outcome.UNOBSERVED))
    suite.set("skipped", str(sum(bool(each.excused) for each in findings)))


def _number(findings: Iterable[Finding], outcome: Outcome) -> str:
    return str(sum(each.outcome is outcome and not each.excused for each in findings))
