using System.Globalization;
using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Review.Services;

/// <summary>A service as the settings of an application name it: <c>http://movies.films.svc:8080/api</c>.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Namespace">Its namespace; null where that is not said.</param>
/// <param name="Port">The port; null where that is not said.</param>
public sealed partial record ServiceAddress(string Service, string? Namespace, int? Port)
{
    /// <summary>Reads an address.</summary>
    /// <param name="text">What stands in the settings.</param>
    /// <returns>The address; null for a plain name, a wildcard or <c>kind/name</c>. Throws <see cref="LabException"/> (<c>ServiceNameInvalid</c>) for a URL that leads out of the cluster.</returns>
    public static ServiceAddress? Of(string text)
    {
        Match parts = Form().Match(text);
        string host = parts.Groups["host"].Value.TrimEnd('.');
        bool url = parts.Groups["scheme"].Success, port = parts.Groups["port"].Success;
        // deployments.apps/movies is a kind and a name.
        if (!parts.Success || (!url && !port && (parts.Groups["path"].Success || !host.Contains('.', StringComparison.Ordinal))))
        {
            return null;
        }

        string[] labels = host.Split('.');
        int svc = Array.IndexOf(labels, "svc", Math.Min(2, labels.Length));
        // What stands before the service is a pod of it, or the name of a port.
        (string? service, string? ns) = svc >= 2 ? (labels[svc - 2], labels[svc - 1]) : labels.Length <= 2 ? (labels[0], labels.ElementAtOrDefault(1)) : (null, null);
        if (service is null || labels.Contains(""))
        {
            return url ? throw new LabException(
                LabErrorKind.InvalidArgument, "ServiceNameInvalid", $"'{text}' names no service of a cluster, as http://movies.films.svc:8080 does. For the host of an Ingress: Resolve-LabService -Url {text}") { Target = text } : null;
        }

        return new ServiceAddress(
            service, ns,
            port ? int.Parse(parts.Groups["port"].ValueSpan, CultureInfo.InvariantCulture) : parts.Groups["scheme"].Value.ToLowerInvariant() switch { "http" => 80, "https" => 443, _ => null });
    }

    /// <summary>Which ports of the service are meant.</summary>
    /// <param name="ports">All its ports.</param>
    /// <returns>The port of the address; all of them where it has none. Throws <see cref="LabException"/> (<c>PortNotFound</c>) where the service does not have it.</returns>
    public IReadOnlyList<LabServicePort> Choose(IReadOnlyList<LabServicePort> ports)
    {
        // A headless service has no address of its own: its clients reach any port of the pods.
        if (Port is not { } wanted || ports.Count == 0 || ports[0].ClusterIPs.Contains("None"))
        {
            return ports;
        }

        LabServicePort[] found = [.. ports.Where(one => one.Port == wanted)];
        return found.Length > 0 ? found : throw new LabException(
            LabErrorKind.NotFound, "PortNotFound",
            $"The service {ports[0].Name} of namespace {ports[0].Namespace} has no port {wanted}: it has {string.Join(", ", ports.Select(one => one.PortName is null ? $"{one.Port}" : $"{one.Port} ({one.PortName})"))}.")
        {
            Target = $"{ports[0].Name}.{ports[0].Namespace}:{wanted}", Advice = "Correct the port of the address, or add the port to the service.",
        };
    }

    [GeneratedRegex(@"^((?<scheme>[a-z][a-z0-9+:-]*)://)?([^@/\s]*@)?(?<host>[a-z0-9_.-]+)(:(?<port>[0-9]{1,5}))?(?<path>[/?].*)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
