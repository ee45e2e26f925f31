using System.Text.RegularExpressions;

namespace CloudLab.Core.Sessions;

/// <summary>One resolved setting of a session and where its value came from. Secrets never appear here.</summary>
/// <param name="Name">The setting: <c>Region</c>, <c>EndpointUrl</c>, <c>KubeContext</c>.</param>
/// <param name="Value">Its value in words; null where nothing sets it.</param>
/// <param name="Source">Where it came from: a parameter, <c>Connect-Lab</c>, an environment variable, a file.</param>
public sealed partial record LabSetting(string Name, string? Value, string Source)
{
    /// <summary>The value and its source, for a table.</summary>
    /// <returns><c>eu-central-1 (environment AWS_REGION)</c>.</returns>
    public override string ToString() => Value is null ? $"({Source})" : $"{Value} ({Source})";

    /// <summary>The same for people, where the value is a URL: what may be a password in it is hidden. Only the user of an ssh address is none.</summary>
    /// <returns><c>https://(hidden)@host</c>, or this setting.</returns>
    internal LabSetting WithoutPassword() => Value is { } url && UserInfo().Match(url) is { Success: true } found
        ? this with { Value = string.Concat(url.AsSpan(0, found.Index), "(hidden)@", url.AsSpan(found.Index + found.Length)) }
        : this;

    // What stands before the last @ of the host's part.
    [GeneratedRegex(@"(?<=\A\s*ssh://)[^/?#@]*:[^/?#]*@|(?<=\A\s*(?!ssh:)[\w+.-]*:?//)[^/?#]*@", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();

    /// <summary>Falls back to another source where this one gives nothing.</summary>
    /// <param name="value">The other source's value.</param>
    /// <param name="source">Its name.</param>
    /// <returns>This setting, or the other one.</returns>
    internal LabSetting Or(string? value, string source) => Value is not null || value is null ? this : new(Name, value, source);
}
