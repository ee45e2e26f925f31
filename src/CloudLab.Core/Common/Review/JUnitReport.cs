using System.Globalization;
using System.Text;
using System.Xml;

namespace CloudLab.Core.Common.Review;

/// <summary>A finding as a report for build servers describes it.</summary>
/// <param name="File">Full path of the file that it is in; null if it is in none.</param>
/// <param name="Line">Its line, counted from one; 0 where it has none.</param>
/// <param name="Name">What it is about.</param>
/// <param name="Rule">Id of its rule.</param>
/// <param name="Severity">How much harm it can do.</param>
/// <param name="Message">What was found.</param>
/// <param name="Action">What to do.</param>
internal sealed record JUnitFinding(string? File, int Line, string Name, string Rule, FindingSeverity Severity, string Message, string Action);

/// <summary>Writes findings as JUnit XML, which build servers show as tests: each file is a suite, each finding in it a test that failed.</summary>
internal static class JUnitReport
{
    private const string Input = "input";

    /// <summary>Writes a report.</summary>
    /// <param name="cmdlet">Name of the cmdlet that found it all.</param>
    /// <param name="findings">The findings.</param>
    /// <param name="files">Full paths of all files that were looked at: one without findings has a test that passed.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>XML text.</returns>
    public static string Write(string cmdlet, IEnumerable<JUnitFinding> findings, IEnumerable<string> files, string folder)
    {
        ILookup<string, JUnitFinding> byFile = findings.ToLookup(finding => finding.File ?? Input, StringComparer.Ordinal);
        string[] suites = [.. files.Concat(byFile.Select(group => group.Key)).Distinct(StringComparer.Ordinal)];
        int failures = byFile.Sum(group => group.Count()), passed = suites.Count(file => !byFile[file].Any());
        StringBuilder text = new();
        using (XmlWriter xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n", CheckCharacters = false }))
        {
            xml.WriteStartElement("testsuites");
            xml.WriteAttributeString("name", "CloudLab " + cmdlet);
            Counts(failures + passed, failures);
            foreach (string file in suites)
            {
                string name = file == Input ? Input : Uri.UnescapeDataString(SarifReport.Address(file, folder));
                JUnitFinding[] own = [.. byFile[file]];
                xml.WriteStartElement("testsuite");
                xml.WriteAttributeString("name", name);
                Counts(Math.Max(1, own.Length), own.Length);
                if (own.Length == 0)
                {
                    xml.WriteStartElement("testcase");
                    xml.WriteAttributeString("name", name);
                    xml.WriteAttributeString("classname", cmdlet);
                    xml.WriteEndElement();
                }

                foreach (JUnitFinding finding in own)
                {
                    xml.WriteStartElement("testcase");
                    xml.WriteAttributeString("name", Clean(finding.Name));
                    xml.WriteAttributeString("classname", name);
                    xml.WriteStartElement("failure");
                    xml.WriteAttributeString("type", finding.Rule);
                    xml.WriteAttributeString("message", Clean(finding.Message));
                    xml.WriteString(Clean($"{name}{(finding.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $":{finding.Line}") : "")}: {finding.Severity} {finding.Rule}: {finding.Message} {finding.Action}"));
                    xml.WriteEndElement();
                    xml.WriteEndElement();
                }

                xml.WriteEndElement();
            }

            xml.WriteEndElement();

            void Counts(int tests, int failed)
            {
                xml.WriteAttributeString("tests", tests.ToString(CultureInfo.InvariantCulture));
                xml.WriteAttributeString("failures", failed.ToString(CultureInfo.InvariantCulture));
            }
        }

        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + text;
    }

    // XML has no way to write some characters.
    private static string Clean(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.Value is 9 or 10 or 13 or (>= 0x20 and <= 0xFFFD) or >= 0x10000 ? rune.ToString() : "\uFFFD"));
}
