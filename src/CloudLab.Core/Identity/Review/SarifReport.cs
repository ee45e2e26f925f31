using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Identity.Review;

/// <summary>Writes findings as SARIF 2.1.0, which code scanning and editors read (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).</summary>
public static class SarifReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a report.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>JSON text.</returns>
    public static string Write(IEnumerable<LabPolicyFinding> findings, string folder)
    {
        JsonArray rules = [], results = [];
        Dictionary<string, int> places = [];
        foreach (ReviewRule rule in ReviewRule.All)
        {
            places[rule.Id] = places.Count;
            rules.Add(new JsonObject
            {
                ["id"] = rule.Id,
                ["name"] = rule.Id,
                ["shortDescription"] = Text(rule.Title),
                ["fullDescription"] = Text(rule.Title + " " + rule.Help),
                ["help"] = Text(rule.Fix),
                ["defaultConfiguration"] = new JsonObject { ["level"] = Level(rule.Severity) },
                ["properties"] = new JsonObject { ["security-severity"] = Score(rule.Severity), ["tags"] = new JsonArray("security", "iam") },
            });
        }

        foreach (LabPolicyFinding finding in findings)
        {
            JsonObject place = new()
            {
                ["logicalLocations"] = new JsonArray(new JsonObject
                {
                    ["fullyQualifiedName"] = string.Join(" / ", new[] { finding.Principal, finding.Policy, finding.Statement is { } statement ? "statement " + statement : null }.Where(part => part is not null)),
                    ["kind"] = "resource",
                }),
            };
            if (finding.Path is { } path)
            {
                place["physicalLocation"] = new JsonObject
                {
                    ["artifactLocation"] = new JsonObject { ["uri"] = Address(path, folder) },
                    ["region"] = new JsonObject { ["startLine"] = 1 },
                };
            }

            results.Add(new JsonObject
            {
                ["ruleId"] = finding.Id,
                ["ruleIndex"] = places[finding.Id],
                ["level"] = Level(finding.Severity),
                ["message"] = Text($"{finding.Principal}: {finding.Why} {finding.Fix}"),
                ["locations"] = new JsonArray(place),
                ["partialFingerprints"] = new JsonObject { ["policyFinding/v1"] = finding.Fingerprint },
                ["properties"] = new JsonObject { ["severity"] = finding.Severity.ToString(), ["security-severity"] = Score(finding.Severity) },
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
                        ["name"] = "CloudLab Measure-LabPolicy",
                        ["semanticVersion"] = typeof(SarifReport).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
                        ["rules"] = rules,
                    },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["results"] = results,
            }),
        }.ToJsonString(Indented);
    }

    private static JsonObject Text(string text) => new() { ["text"] = text };

    private static string Level(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Low => "note",
        FindingSeverity.Medium => "warning",
        _ => "error",
    };

    private static string Score(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Low => "3.0",
        FindingSeverity.Medium => "5.5",
        FindingSeverity.High => "8.0",
        _ => "9.5",
    };

    private static string Address(string path, string folder)
    {
        string relative = Path.GetRelativePath(folder, path);
        return relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative)
            ? new Uri(path).AbsoluteUri
            : string.Join('/', relative.Replace('\\', '/').Split('/').Select(Uri.EscapeDataString));
    }
}
