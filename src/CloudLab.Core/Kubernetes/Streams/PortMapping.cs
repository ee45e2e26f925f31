using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A local port and one of a pod: <c>8080:80</c>, <c>0:http</c>, <c>80</c>.</summary>
/// <param name="Local">The local port; 0 for any that is free.</param>
/// <param name="Remote">Number or name of the port of the pod, or of the service that is named.</param>
internal sealed record PortMapping(int Local, string Remote)
{
    /// <summary>Reads a mapping.</summary>
    /// <param name="text">As kubectl takes it: <c>8080:80</c>, <c>:80</c>, <c>0:http</c>, <c>80</c>, <c>http</c>.</param>
    /// <returns>The mapping; its local port is -1 where it is to be the remote one. Throws <see cref="LabException"/> (<c>PortInvalid</c>).</returns>
    public static PortMapping Parse(string text)
    {
        string[] parts = text.Split(':');
        int local = -1;
        bool valid = parts.Length <= 2 && parts[^1].Length > 0 && (parts.Length == 1 || parts[0].Length == 0 || IsPort(parts[0], 0, out local))
            && (!char.IsAsciiDigit(parts[^1][0]) || IsPort(parts[^1], 1, out _) || parts[^1].Any(char.IsAsciiLetter));
        if (!valid)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "PortInvalid", $"'{text}' is not a port: write local:remote, such as 8080:80, 0:http for any local port, or one number for both.") { Target = text };
        }

        return new PortMapping(parts.Length == 2 && parts[0].Length == 0 ? 0 : local, parts[^1]);
    }

    /// <summary>The number of the port in a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="selection">What was named: a service has ports of its own.</param>
    /// <returns>The number. Throws <see cref="LabException"/> (<c>PortNotFound</c>).</returns>
    public int In(JsonObject pod, PodSelection selection)
    {
        string port = Remote;
        if (selection.OwnerKind?.Kind == "Service")
        {
            JsonObject spec = selection.Owner!.Object("spec") ?? [];
            JsonObject found = spec.Objects("ports").FirstOrDefault(p => p.Text("name") == Remote || p.Number("port")?.ToString(CultureInfo.InvariantCulture) == Remote)
                ?? throw NotFound($"The service '{selection.Owner!.Name()}'", spec.Objects("ports").Select(p => Named(p, "port")));
            port = found["targetPort"]?.ToString() ?? found.Number("port")!.Value.ToString(CultureInfo.InvariantCulture);
        }

        if (IsPort(port, 1, out int number))
        {
            return number;
        }

        JsonObject[] ports = [.. PodFinder.Containers(pod).SelectMany(c => c.Container.Objects("ports"))];
        return (int)(ports.FirstOrDefault(p => p.Text("name") == port)?.Number("containerPort") ?? throw NotFound($"The pod '{pod.Name()}'", ports.Select(p => Named(p, "containerPort"))));
    }

    private static bool IsPort(string text, int least, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= least && port <= 65535;

    private static string Named(JsonObject port, string field) => port.Text("name") is { } name ? $"{name} ({port.Number(field)})" : $"{port.Number(field)}";

    private LabException NotFound(string whose, IEnumerable<string> ports) => new(
        LabErrorKind.NotFound, "PortNotFound", $"{whose} has no port '{Remote}'{(string.Join(", ", ports) is { Length: > 0 } known ? $": it has {known}" : "")}.") { Target = Remote };
}
