using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>The last lines of a container's log.</summary>
/// <param name="api">The cluster.</param>
internal sealed class PodLogTail(KubernetesApi api)
{
    private const int MostBytes = 64 * 1024;

    /// <summary>Reads the lines.</summary>
    /// <param name="ns">Namespace of the pod.</param>
    /// <param name="pod">Its name.</param>
    /// <param name="container">The container.</param>
    /// <param name="tail">How many lines.</param>
    /// <param name="previous">True for the container as it was before its restart.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The lines; none where there is no log.</returns>
    public async Task<IReadOnlyList<string>> ReadAsync(string ns, string pod, string container, int tail, bool previous, CancellationToken cancellation)
    {
        try
        {
            string text = await api.GetTextAsync(
                $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/pods/{Uri.EscapeDataString(pod)}/log?container={Uri.EscapeDataString(container)}&tailLines={tail}&limitBytes={MostBytes}{(previous ? "&previous=true" : "")}",
                cancellation);
            return text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            // A container that never ran has none.
            return [];
        }
    }
}
