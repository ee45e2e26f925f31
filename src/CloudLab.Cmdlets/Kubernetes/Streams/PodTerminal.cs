using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Gives this terminal to a container that was just started.</summary>
internal static class PodTerminal
{
    /// <summary>Attaches to the container until it ends or the user leaves it.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="ns">Namespace of the pod.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="container">Its container; null for the default one.</param>
    /// <param name="reporter">Hears what is chosen.</param>
    /// <param name="ask">Runs something on the pipeline thread.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>Done when it is over.</returns>
    public static async Task GiveAsync(
        KubernetesApi api, string ns, string pod, string? container, IReporter reporter, Func<Func<bool>, Task<bool>> ask, PSCmdlet command, CancellationToken cancellation)
    {
        PodStreams pods = new(api);
        using PodExec attached = await pods.ExecAsync(
            await pods.FindAsync(null, pod, ns, cancellation), new PodCommandOptions { Container = container, Input = true }, reporter, cancellation);
        await HostTerminal.GiveAsync(attached, ask, command, cancellation);
    }
}
