using System.Globalization;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>What the docker CLI's users write for ports, volumes, sizes and variables.</summary>
internal static partial class ContainerText
{
    private const int MostPorts = 65535;

    /// <summary>Reads ports to publish.</summary>
    /// <param name="texts"><c>8001:8000</c>, <c>127.0.0.1:8001:8000/tcp</c>, <c>8000</c>, <c>8000-8002:9000-9002</c>.</param>
    /// <returns>Ports in the container, and where each is published. Throws <see cref="LabException"/> (<c>PortInvalid</c>).</returns>
    public static Dictionary<string, IList<PortBinding>> Ports(IEnumerable<string> texts)
    {
        Dictionary<string, IList<PortBinding>> bindings = [];
        foreach (string text in texts)
        {
            Match match = PortText().Match(text);
            if (!match.Success)
            {
                throw Invalid("PortInvalid", text, "port", "write [address:][port:]containerPort[/tcp|udp|sctp], such as 8001:8000 or 127.0.0.1:8001:8000");
            }

            string protocol = match.Groups["protocol"].Value is { Length: > 0 } given ? given.ToLowerInvariant() : "tcp";
            (int first, int last) = Range(match.Groups["inside"].Value, text);
            (int First, int Last)? outside = match.Groups["outside"].Value is { Length: > 0 } range ? Range(range, text) : null;
            int count = last - first + 1;
            if (outside is { } o && o.Last - o.First + 1 != count && count != 1)
            {
                throw Invalid("PortInvalid", text, "port", "both ranges must have the same number of ports");
            }

            for (int i = 0; i < count; i++)
            {
                string key = string.Create(CultureInfo.InvariantCulture, $"{first + i}/{protocol}");
                string host = outside switch
                {
                    null => "",

                    // Of several ports for one, the engine takes the first that is free.
                    { } all when count == 1 && all.Last > all.First => string.Create(CultureInfo.InvariantCulture, $"{all.First}-{all.Last}"),
                    { } all => (all.First + i).ToString(CultureInfo.InvariantCulture),
                };
                if (!bindings.TryGetValue(key, out IList<PortBinding>? list))
                {
                    bindings[key] = list = [];
                }

                list.Add(new PortBinding { HostIP = match.Groups["address"].Value.Trim('[', ']'), HostPort = host });
            }
        }

        return bindings;
    }

    /// <summary>Reads a size in bytes.</summary>
    /// <param name="text"><c>512m</c>, <c>1.5g</c>, <c>1GiB</c>, <c>64Mi</c> as Kubernetes writes it, <c>536870912</c>.</param>
    /// <returns>Bytes. Throws <see cref="LabException"/> (<c>SizeInvalid</c>).</returns>
    public static long Bytes(string text)
    {
        Match match = SizeText().Match(text.Trim());
        if (match.Success && double.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            int power = "bkmgtp".IndexOf(char.ToLowerInvariant(match.Groups[2].Value is { Length: > 0 } unit ? unit[0] : 'b'), StringComparison.Ordinal);
            double bytes = number * Math.Pow(1024, power);
            if (bytes < long.MaxValue)
            {
                return (long)bytes;
            }
        }

        throw Invalid("SizeInvalid", text, "size", "write a number of bytes, or a number with k, m or g, such as 512m");
    }

    /// <summary>Reads a restart policy.</summary>
    /// <param name="text">no, always, unless-stopped, on-failure, <c>on-failure:3</c>.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (<c>RestartPolicyInvalid</c>).</returns>
    public static RestartPolicy Restart(string text)
    {
        string[] parts = text.ToLowerInvariant().Split(':');
        int count = 0;
        bool valid = parts[0] is "no" or "always" or "unless-stopped" or "on-failure"
            && (parts.Length == 1 || (parts.Length == 2 && parts[0] == "on-failure" && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out count)));
        return valid
            ? new RestartPolicy
            {
                Name = parts[0] switch
                {
                    "always" => RestartPolicyKind.Always,
                    "unless-stopped" => RestartPolicyKind.UnlessStopped,
                    "on-failure" => RestartPolicyKind.OnFailure,
                    _ => RestartPolicyKind.No,
                },
                MaximumRetryCount = count,
            }
            : throw Invalid("RestartPolicyInvalid", text, "restart policy", "use no, always, unless-stopped, on-failure or on-failure:3");
    }

    /// <summary>Reads a volume: what docker calls a bind.</summary>
    /// <param name="text"><c>data:/var/lib/data</c>, <c>./site:/site:ro</c>, <c>C:\site:/site</c>.</param>
    /// <param name="folder">Folder that relative paths begin in.</param>
    /// <returns>The text as the engine takes it. Throws <see cref="LabException"/> (<c>VolumeInvalid</c>).</returns>
    public static string Volume(string text, string folder)
    {
        // The colon of a drive is no separator.
        int from = text.Length > 2 && char.IsAsciiLetter(text[0]) && text[1] == ':' && text[2] is '\\' or '/' ? 2 : 0;
        int colon = text.IndexOf(':', from);
        if (colon < 0)
        {
            return text.StartsWith('/') ? text : throw Bad();
        }

        string source = text[..colon], rest = text[(colon + 1)..];
        if (source.Length == 0 || rest.Length == 0 || !(rest.StartsWith('/') || (rest.Length > 1 && rest[1] == ':')))
        {
            throw Bad();
        }

        if (source is "." or ".." || source.StartsWith("./", StringComparison.Ordinal) || source.StartsWith("../", StringComparison.Ordinal)
            || source.StartsWith(".\\", StringComparison.Ordinal) || source.StartsWith("..\\", StringComparison.Ordinal))
        {
            source = Path.GetFullPath(source, folder);
        }
        else if (source == "~" || source.StartsWith("~/", StringComparison.Ordinal))
        {
            source = Path.Join(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), source[1..]);
        }

        return source + ":" + rest;

        LabException Bad() => Invalid("VolumeInvalid", text, "volume", "write source:destination[:ro] with an absolute path as destination, such as data:/var/lib/data or ./site:/site:ro");
    }

    /// <summary>Reads variables from a file as the docker CLI does: a line each, nothing unquoted.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Names and values; null for a name without a value, which means this process's own.</returns>
    public static IEnumerable<KeyValuePair<string, string?>> EnvironmentFile(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "EnvironmentFileUnreadable", $"The environment file '{path}' cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = path };
        }

        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimStart();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? line.TrimEnd() : line[..equals];
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                throw new LabException(
                    LabErrorKind.InvalidArgument, "EnvironmentFileInvalid", $"'{path}' line {i + 1} has no valid variable name: write NAME=value.") { Target = path };
            }

            yield return new(name, equals < 0 ? null : line[(equals + 1)..]);
        }
    }

    private static (int First, int Last) Range(string text, string whole)
    {
        string[] parts = text.Split('-');
        int first = Number(parts[0]), last = parts.Length > 1 ? Number(parts[1]) : first;
        return first <= last ? (first, last) : throw Invalid("PortInvalid", whole, "port", "the range begins after its end");

        int Number(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 0 and <= MostPorts
            ? number
            : throw Invalid("PortInvalid", whole, "port", "ports are 0 to 65535");
    }

    private static LabException Invalid(string code, string text, string what, string why) =>
        new(LabErrorKind.InvalidArgument, code, $"'{text}' is not a valid {what}: {why}.") { Target = text };

    [GeneratedRegex(@"^(?:(?:(?<address>\[[0-9A-Fa-f:.]+\]|[0-9.]+|localhost):)?(?<outside>\d+(?:-\d+)?)?:|)(?<inside>\d+(?:-\d+)?)(?:/(?<protocol>tcp|udp|sctp))?$", RegexOptions.IgnoreCase)]
    private static partial Regex PortText();

    [GeneratedRegex("^([0-9]+(?:\\.[0-9]+)?) ?(b|p|[kmgt](?:b|ib?)?)?$", RegexOptions.IgnoreCase)]
    private static partial Regex SizeText();
}
