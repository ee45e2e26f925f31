using System.Globalization;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>Reads versions of Kubernetes as clusters and people write them.</summary>
public static partial class KubernetesVersions
{
    /// <summary>Reads a version.</summary>
    /// <param name="text"><c>1.31</c>, <c>v1.31.2</c>, <c>v1.31.2-gke.100</c>, <c>1.31+</c>.</param>
    /// <returns>Major and minor; null where it is no version.</returns>
    public static Version? Parse(string text) => Pattern().Match(text) is { Success: true } match
        ? new Version(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture))
        : null;

    [GeneratedRegex(@"^v?([0-9]{1,4})\.([0-9]{1,4})(?:[^0-9]|$)", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
