using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Common.Review;

/// <summary>A finding as a report describes it.</summary>
/// <param name="Rule">Id of its rule.</param>
/// <param name="Severity">How much harm it can do.</param>
/// <param name="Message">What was found and what to do.</param>
/// <param name="File">Full path of the file that it is in; null if it is in none.</param>
/// <param name="Line">Its first line, counted from one.</param>
/// <param name="EndLine">Its last line.</param>
/// <param name="Subject">What it is about, in the terms of the review; null where the place says all.</param>
/// <param name="Fingerprint">Recognizes it in the next report: a name and a value.</param>
internal sealed record SarifFinding(
    string Rule, FindingSeverity Severity, string Message, string? File, int Line, int EndLine, string? Subject, KeyValuePair<string, string> Fingerprint)
{
    /// <summary>Its column, counted from one; 0 where the line is all that is known.</summary>
    public int Column { get; init; }
}

/// <summary>Writes findings as SARIF 2.1.0, which code scanning and editors read (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).</summary>
internal static class SarifReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a report.</summary>
    /// <param name="cmdlet">Name of the cmdlet that found it all.</param>
    /// <param name="topic">Tag of the rules beside <c>security</c> or <c>maintainability</c>: <c>docker</c>. Code scanning shows a security severity for <c>security</c>.</param>
    /// <param name="rules">All rules that there are.</param>
    /// <param name="findings">The findings.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>JSON text.</returns>
    public static string Write(string cmdlet, string topic, IEnumerable<FindingRule> rules, IEnumerable<SarifFinding> findings, string folder)
    {
        JsonArray described = [], results = [];
        Dictionary<string, (int Place, bool Security)> places = [];
        foreach (FindingRule rule in rules)
        {
            places[rule.Id] = (places.Count, rule.IsSecurity);
            JsonObject properties = new() { ["tags"] = new JsonArray(rule.IsSecurity ? "security" : "maintainability", topic) };
            Score(properties, rule.Severity, rule.IsSecurity);
            described.Add(new JsonObject
            {
                ["id"] = rule.Id,
                ["name"] = rule.Id,
                ["shortDescription"] = Text(rule.Title),
                ["fullDescription"] = Text(rule.Title + " " + rule.Help),
                ["help"] = Text(rule.Fix),
                ["defaultConfiguration"] = new JsonObject { ["level"] = Level(rule.Severity) },
                ["properties"] = properties,
            });
        }

        foreach (SarifFinding finding in findings)
        {
            JsonObject place = [], properties = new() { ["severity"] = finding.Severity.ToString() };
            if (finding.Subject is { } subject)
            {
                place["logicalLocations"] = new JsonArray(new JsonObject { ["fullyQualifiedName"] = subject, ["kind"] = "resource" });
            }

            if (finding.File is { } path)
            {
                JsonObject region = new() { ["startLine"] = finding.Line };
                if (finding.Column > 0)
                {
                    region["startColumn"] = finding.Column;
                }

                if (finding.EndLine > finding.Line)
                {
                    region["endLine"] = finding.EndLine;
                }

                place["physicalLocation"] = new JsonObject { ["artifactLocation"] = new JsonObject { ["uri"] = Address(path, folder) }, ["region"] = region };
            }

            Score(properties, finding.Severity, places[finding.Rule].Security);
            results.Add(new JsonObject
            {
                ["ruleId"] = finding.Rule,
                ["ruleIndex"] = places[finding.Rule].Place,
                ["level"] = Level(finding.Severity),
                ["message"] = Text(finding.Message),
                ["locations"] = new JsonArray(place),
                ["partialFingerprints"] = new JsonObject { [finding.Fingerprint.Key] = finding.Fingerprint.Value },
                ["properties"] = properties,
            });
        }

        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "CloudLab " + cmdlet,
                        ["semanticVersion"] = typeof(SarifReport).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
                        ["rules"] = described,
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = results,
            }),
        }.ToJsonString(Indented);
    }

    /// <summary>What recognizes a finding in the next report: it must not change with what stands above it, so no line is part of it.</summary>
    /// <param name="parts">What distinguishes the finding.</param>
    /// <returns>24 hexadecimal digits.</returns>
    public static string Fingerprint(params ReadOnlySpan<string?> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts))).AsSpan(0, 12));

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static string Level(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Low => "note",
        FindingSeverity.Medium => "warning",
        _ => "error",
    };

    // Code scanning takes whatever has a score for a security alert.
    private static void Score(JsonObject properties, FindingSeverity severity, bool security)
    {
        if (security)
        {
            properties["security-severity"] = severity switch
            {
                FindingSeverity.Low => "3.0",
                FindingSeverity.Medium => "5.5",
                FindingSeverity.High => "8.0",
                _ => "9.5",
            };
        }
    }

    /// <summary>How reports name a file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="folder">Folder that paths are relative to.</param>
    /// <returns>A relative URI, or a whole one for a file that is elsewhere.</returns>
    public static string Address(string path, string folder)
    {
        string relative = Path.GetRelativePath(folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative)
            ? new Uri(path).AbsoluteUri
            : string.Join('/', relative.Replace('\\', '/').Split('/').Select(Uri.EscapeDataString));
    }
}
