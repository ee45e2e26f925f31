using CloudLab.Core.Common.Review;
using CloudLab.Core.Common.Yaml;
using CloudLab.Core.Kubernetes.Manifests;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Reviews documents before their fields: syntax, keys and objects that stand twice, names.</summary>
internal static class DocumentReview
{
    /// <summary>The finding for a document that is no object.</summary>
    /// <param name="item">The document.</param>
    /// <returns>The finding.</returns>
    public static LabManifestFinding Broken(ManifestItem item)
    {
        string reason = item.Reason!;
        ManifestRule rule = item.Problem!.Code != "ManifestSyntax" ? ManifestRule.NotAManifest
            : reason.StartsWith("'{{'", StringComparison.Ordinal) ? ManifestRule.TemplateNotRendered
            : ManifestRule.SyntaxError;
        SourceMark at = item.Start ?? new(item.Line, item.Line > 0 ? 1 : 0);
        return new()
        {
            File = Path.IsPathRooted(item.Source) ? item.Source : null, Line = at.Line, Column = at.Column, Rule = rule.Id, Severity = rule.Severity, Path = "",
            Message = rule == ManifestRule.TemplateNotRendered ? "The document is a template, not a manifest: it has '{{'." : $"{char.ToUpperInvariant(reason[0])}{reason[1..]}.",
            Action = rule.Fix,
        };
    }

    /// <summary>Looks for keys and objects that stand twice.</summary>
    /// <param name="set">The objects.</param>
    /// <returns>The findings.</returns>
    public static IEnumerable<LabManifestFinding> Check(ReviewedSet set)
    {
        // Different folders are variants for different places more often than parts of one whole.
        Dictionary<(string? Place, string Group, string Kind, string Namespace, string Name), ReviewedObject> inFile = [], inFolder = [];
        foreach (ReviewedObject one in set.Objects)
        {
            foreach (DuplicateKey twice in one.Duplicates)
            {
                LabManifestFinding found = one.Find(ManifestRule.DuplicateKey, "", $"The key '{twice.Key}' occurs twice, on lines {twice.FirstLine} and {twice.Line}: the last one counts.");
                yield return found with { Line = twice.Line, Column = twice.Column };
            }

            (string?, string, string, string, string) key = (Path.GetDirectoryName(one.File), one.Group, one.Kind, set.NamespaceOf(one), one.Name);
            bool sameFile = one.HasName && !inFile.TryAdd(key with { Item1 = one.File }, one);
            if (one.HasName && !inFolder.TryAdd(key, one))
            {
                ReviewedObject first = sameFile ? inFile[key with { Item1 = one.File }] : inFolder[key];
                string where = sameFile ? $"on line {first.At("").Line}" : $"in {first.File ?? "the input"}";
                yield return one.Find(ManifestRule.DuplicateObject, "metadata.name", $"The {one.Label} is described {where}, too.", severity: sameFile ? null : FindingSeverity.Low);
            }

            foreach (LabManifestFinding finding in MetadataReview.Check(one))
            {
                yield return finding;
            }
        }
    }
}
