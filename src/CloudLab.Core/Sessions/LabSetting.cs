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

    /// <summary>
    /// The same for people, where the value is a URL: what may be a password in it is hidden, whether or not the rest is a valid URL (a secret key may
    /// contain slashes). The user alone of an ssh address is shown, and so is the path of a socket.
    /// </summary>
    /// <returns><c>https://(hidden)@host</c>, or this setting.</returns>
    internal LabSetting WithoutPassword()
    {
        if (Value is not { } url || url.LastIndexOf('@') is var at && at < 0)
        {
            return this;
        }

        Match scheme = Scheme().Match(url);
        string name = scheme.Groups["name"].Value.ToLowerInvariant();
        bool harmless = name is "unix" or "npipe" || (name == "ssh" && !url.AsSpan(scheme.Length, at - scheme.Length).ContainsAny(":/?#@"));
        return harmless || scheme.Length > at ? this : this with { Value = string.Concat(url.AsSpan(0, scheme.Length), "(hidden)", url.AsSpan(at)) };
    }

    /// <summary>Falls back to another source where this one gives nothing.</summary>
    /// <param name="value">The other source's value.</param>
    /// <param name="source">Its name.</param>
    /// <returns>This setting, or the other one.</returns>
    internal LabSetting Or(string? value, string source) => Value is not null || value is null ? this : new(Name, value, source);

    [GeneratedRegex(@"\A\s*((?<name>[\w+.-]*):?//)?", RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();
}
