using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>What annotations of objects and of their pod templates switch off: <c>cloudlab/ignore: RuleA, RuleB</c>, or <c>*</c>; and what comments do.</summary>
internal sealed class IgnoredRules
{
    /// <summary>The annotation.</summary>
    public const string Annotation = "cloudlab/ignore";

    private readonly Dictionary<(string?, string, string?, string), HashSet<string>> objects = [];
    private readonly Dictionary<(string, int), HashSet<string>> lines = [];

    /// <summary>Reads the annotations.</summary>
    /// <param name="reviewed">The objects.</param>
    public IgnoredRules(IEnumerable<ReviewedObject> reviewed)
    {
        foreach (ReviewedObject one in reviewed)
        {
            foreach ((int line, HashSet<string> rules) in one.Comments?.Lines ?? new Dictionary<int, HashSet<string>>())
            {
                lines[(one.File ?? "", line)] = rules;
            }

            string?[] lists = [.. new[] { one.Content, one.Template }.Select(part => part?.Object("metadata")?.Object("annotations")?.Text(Annotation))];
            HashSet<string> names = new(lists.OfType<string>().SelectMany(IgnoreComments.Names), StringComparer.OrdinalIgnoreCase);
            if (names.Count > 0)
            {
                objects[(one.File, one.Kind, one.Namespace, one.Name)] = names;
            }
        }
    }

    /// <summary>Whether a finding is switched off.</summary>
    /// <param name="finding">The finding.</param>
    /// <returns>True if it is.</returns>
    public bool Ignores(LabManifestFinding finding) =>
        (finding is { Kind: { } kind, Name: { } name } && objects.TryGetValue((finding.File, kind, finding.Namespace, name), out HashSet<string>? rules) && Has(rules, finding))
        || (lines.TryGetValue((finding.File ?? "", finding.Line), out HashSet<string>? here) && Has(here, finding));

    private static bool Has(HashSet<string> rules, LabManifestFinding finding) => rules.Contains("*") || rules.Contains(finding.Rule);
}
