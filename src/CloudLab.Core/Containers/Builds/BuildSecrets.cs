using System.Text.RegularExpressions;

namespace CloudLab.Core.Containers.Builds;

/// <summary>
/// Takes the values of build arguments that look like secrets out of what BuildKit says: it repeats arguments in the
/// names of steps, and a step may print them.
/// </summary>
internal sealed partial class BuildSecrets
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Hidden = "(hidden)";

    private const int ShortestValue = 4;
    private readonly string[] values;

    /// <summary>Finds the secrets among build arguments.</summary>
    /// <param name="arguments">The arguments, several of one name too; a null value stands for the environment's.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public BuildSecrets(IEnumerable<KeyValuePair<string, string?>> arguments, Func<string, string?> environment) => values =
    [
        .. arguments.Where(pair => SecretName().IsMatch(pair.Key))
            .Select(pair => pair.Value ?? environment(pair.Key) ?? "")
            // What a step prints comes line by line.
            .SelectMany(value => value.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Append(value))
            .Where(value => value.Length >= ShortestValue)
            .OrderByDescending(value => value.Length),
    ];

    /// <summary>Takes secrets out of a text.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text with <see cref="Hidden"/> in their place.</returns>
    public string Hide(string text) =>
        values.Aggregate(text, (current, value) => current.Replace(value, Hidden, StringComparison.Ordinal));

    [GeneratedRegex("secret|token|passw|passphrase|pwd|credential|api_?key|access_?key|private_?key|auth|proxy", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();
}
