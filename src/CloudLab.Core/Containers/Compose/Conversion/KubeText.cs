using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Containers.Compose.Conversion;

/// <summary>Compose's names and values as Kubernetes takes them.</summary>
internal static partial class KubeText
{
    private const int LongestName = 63;

    /// <summary>A name that is valid for every kind of object, Services too (RFC 1035).</summary>
    /// <param name="name">Any name.</param>
    /// <returns>Lower-case letters, digits and dashes; begins with a letter.</returns>
    public static string Name(string name)
    {
        string plain = NotInNames().Replace(name.ToLowerInvariant(), "-").Trim('-');
        plain = plain.Length == 0 || !char.IsAsciiLetter(plain[0]) ? "s-" + plain : plain;
        return (plain.Length > LongestName ? plain[..LongestName] : plain).TrimEnd('-');
    }

    /// <summary>A name that is not taken, as near to one as can be.</summary>
    /// <param name="wanted">The name.</param>
    /// <param name="isTaken">Whether a name is taken.</param>
    /// <returns>The name, with a number where it is taken.</returns>
    public static string Free(string wanted, Func<string, bool> isTaken)
    {
        string name = wanted;
        for (int i = 2; isTaken(name); i++)
        {
            name = $"{wanted[..Math.Min(LongestName - 5, wanted.Length)].TrimEnd('-')}-{i}";
        }

        return name;
    }

    /// <summary>A key of a ConfigMap or a Secret.</summary>
    public static string Key(string name)
    {
        string key = NotInKeys().Replace(name, "_");
        return key.StartsWith("..", StringComparison.Ordinal) || key == "." ? "_" + key.TrimStart('.') : key;
    }

    /// <summary>Text in which Kubernetes would put values for <c>$(NAME)</c>, so that it stays as it is.</summary>
    public static string Literal(string text)
    {
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool means = text[i] == '$' && i + 1 < text.Length && text[i + 1] is '$' or '(';
            result.Append(text[i]).Append(means ? "$" : "");
        }

        return result.ToString();
    }

    /// <summary>Bytes as a quantity.</summary>
    public static string Bytes(string text) => !long.TryParse(text, CultureInfo.InvariantCulture, out long bytes) ? text
        : bytes % (1L << 30) == 0 ? $"{bytes >> 30}Gi" : bytes % (1L << 20) == 0 ? $"{bytes >> 20}Mi" : bytes % (1L << 10) == 0 ? $"{bytes >> 10}Ki"
        : bytes.ToString(CultureInfo.InvariantCulture);

    /// <summary>The size of a tmpfs as a quantity; null for one that is a share of the host's memory.</summary>
    public static string? Size(string text) => SizeText().Match(text) is { Success: true } size
        ? size.Groups["unit"].Value is { Length: > 0 } unit ? $"{size.Groups["count"].Value}{char.ToUpperInvariant(unit[0])}i" : Bytes(size.Groups["count"].Value)
        : null;

    /// <summary>Processors as a quantity.</summary>
    public static string Cpus(string text) => !double.TryParse(text, CultureInfo.InvariantCulture, out double cpus) ? text
        : cpus == Math.Floor(cpus) ? cpus.ToString("0", CultureInfo.InvariantCulture) : $"{Math.Max(1, Math.Round(cpus * 1000)).ToString("0", CultureInfo.InvariantCulture)}m";

    /// <summary>Whole seconds, at least one.</summary>
    public static int Seconds(string? duration, int otherwise) => ComposeModel.Duration(duration) is { } time ? Math.Max(1, (int)Math.Ceiling(time.TotalSeconds)) : otherwise;

    /// <summary>Whether a text can be the key of a label or an annotation.</summary>
    public static bool IsLabelKey(string key) => LabelKey().IsMatch(key) && key.Split('/')[^1].Length <= LongestName;

    [GeneratedRegex("[^a-z0-9-]+")]
    private static partial Regex NotInNames();

    [GeneratedRegex("[^-._a-zA-Z0-9]+")]
    private static partial Regex NotInKeys();

    [GeneratedRegex("^(?<count>[0-9]+)(?<unit>[kKmMgG]?)[bB]?$")]
    private static partial Regex SizeText();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]
    private static partial Regex LabelKey();
}
