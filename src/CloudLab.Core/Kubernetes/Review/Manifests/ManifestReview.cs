using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Review.Manifests.Rules;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Reviews manifests: their syntax, their fields by the schemas of their kinds, and then the other rules of <see cref="ManifestRule.All"/>.</summary>
public static class ManifestReview
{
    // The checks of the rules, by area.
    private static readonly IReadOnlyList<ManifestCheck> Checks =
    [
        .. WorkloadRules.Checks, .. ContainerRules.Checks, .. ServiceRules.Checks, .. IngressRules.Checks, .. NetworkPolicyRules.Checks, .. AutoscalingRules.Checks,
        .. BudgetRules.Checks, .. ScheduleRules.Checks, .. AmountRules.Checks, .. ConfigRules.Checks, .. PodSecurityRules.Checks, .. AccessRules.Checks,
    ];

    /// <summary>Reviews manifests.</summary>
    /// <param name="items">All that was read, for a review (<see cref="ManifestReader"/>).</param>
    /// <param name="options">How.</param>
    /// <returns>Findings in the order of the input, by file and line.</returns>
    public static IReadOnlyList<LabManifestFinding> Review(IEnumerable<ManifestItem> items, ManifestReviewOptions options)
    {
        List<LabManifestFinding> findings = [];
        List<ReviewedObject> objects = [], patches = [];
        HashSet<string> templates = new(StringComparer.Ordinal);
        Dictionary<string, int> files = new(StringComparer.Ordinal);
        foreach (ManifestItem item in items)
        {
            files.TryAdd(item.Source, files.Count);
            if (item.Problem is null)
            {
                (item.IsPatch ? patches : objects).Add(new ReviewedObject(item));
            }
            else if (!item.IsUnreadable && DocumentReview.Broken(item) is var broken && (broken.Rule != ManifestRule.TemplateNotRendered.Id || templates.Add(item.Source)))
            {
                findings.Add(broken);
            }
        }

        ReviewedSet set = new(objects, options);
        findings.AddRange(DocumentReview.Check(set));
        findings.AddRange(SchemaReview.Check(set, patches, options.Schemas ?? new ManifestSchemas()));
        findings.AddRange(Checks.SelectMany(check => check(set)));
        Dictionary<string, ManifestRule> rules = ManifestRule.All.ToDictionary(rule => rule.Id, StringComparer.Ordinal);
        IgnoredRules ignored = new(objects.Concat(patches));
        return
        [
            .. findings.Where(finding => options.Wanted(rules[finding.Rule]) && !ignored.Ignores(finding))
                .OrderBy(finding => finding.File is null ? -1 : files.GetValueOrDefault(finding.File)).ThenBy(finding => finding.Line).ThenBy(finding => finding.Column)
                .ThenByDescending(finding => finding.Severity).ThenBy(finding => finding.Rule, StringComparer.Ordinal),
        ];
    }

    /// <summary>Writes findings as SARIF 2.1.0, which code scanning and editors read.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>JSON text.</returns>
    public static string ToSarif(IEnumerable<LabManifestFinding> findings, string folder) => SarifReport.Write(
        Command, "kubernetes", ManifestRule.All,
        findings.Select(finding => new SarifFinding(
            finding.Rule, finding.Severity, $"{Subject(finding)}{finding.Message} {finding.Action}", finding.File, Math.Max(1, finding.Line), Math.Max(1, finding.Line),
            finding.Kind is null ? null : Subject(finding).TrimEnd(':', ' ') + (finding.Path.Length == 0 ? "" : " " + finding.Path), new("manifestFinding/v1", SarifReport.Fingerprint(finding.Rule, finding.Kind, finding.Namespace, finding.Name, finding.Path, finding.Message))) { Column = finding.Column }),
        folder);

    /// <summary>Writes findings as JUnit XML, which build servers show as failed tests: a suite for each file, a case for each finding.</summary>
    /// <param name="findings">The findings.</param>
    /// <param name="files">All files that were reviewed: one without findings is a suite with one case that passed.</param>
    /// <param name="folder">Folder that the paths of files are relative to.</param>
    /// <returns>XML text.</returns>
    public static string ToJUnit(IEnumerable<LabManifestFinding> findings, IEnumerable<string> files, string folder) => JUnitReport.Write(
        Command,
        findings.Select(finding => new JUnitFinding(
            finding.File, finding.Line, $"{finding.Rule} {Subject(finding)}{finding.Path}".TrimEnd(' ', ':'), finding.Rule, finding.Severity, finding.Message, finding.Action)),
        files, folder);

    private const string Command = "Test-LabManifest";

    private static string Subject(LabManifestFinding finding) =>
        finding.Kind is null ? "" : $"{finding.Kind} {(finding.Namespace is null ? "" : finding.Namespace + "/")}{finding.Name}: ";
}
