using System.Management.Automation;
using System.Net;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Forwards local ports to ports of a pod, in the background of this session.</summary>
/// <remarks>
/// <para>The command returns as soon as the ports are listened on. They are until Stop-LabPortForward, until the module is removed, or until PowerShell ends.</para>
/// <para>A workload or a service (deploy/web, svc/web) means one of its ready pods, and each connection looks for one anew: when a pod is replaced, the next connection goes to its successor, and waits up
/// to 30 seconds until there is one. A service's own port numbers and names are translated to those of the pod.</para>
/// <para>Get-LabPortForward shows the connections and the last error. A client that ends its sending side still gets the whole answer; the program in the pod is not told of that end.</para>
/// <para>Errors: NotFound, PodNotRunning, PortNotFound with the ports that there are, PortInvalid, PortInUse; Forbidden without the right to pods/portforward.</para>
/// </remarks>
/// <example>
/// <para>Asks a service for a page, through any free local port.</para>
/// <code>$forward = Start-LabPortForward svc/movies -Port 0:80 -Namespace movies
/// Invoke-RestMethod "http://$forward"
/// $forward | Stop-LabPortForward</code>
/// </example>
/// <example>
/// <para>Forwards two ports of a deployment's pod, one by its name.</para>
/// <code>Start-LabPortForward deploy/web -Port 8080:http, 9090</code>
/// </example>
/// <inputtype>Objects with Kind, Name and Namespace, such as Get-LabResource writes, or names.</inputtype>
[Cmdlet(VerbsLifecycle.Start, "LabPortForward", SupportsShouldProcess = true)]
[OutputType(typeof(LabPortForward))]
public sealed class StartLabPortForwardCommand : KubeCommand
{
    /// <summary>A pod, or what has pods: <c>web-0</c>, <c>deploy/web</c>, <c>svc/web</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Pod", "PodName")]
    [ArgumentCompleter(typeof(PodCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>Ports: <c>8080:80</c> for local and remote, <c>0:http</c> or <c>:http</c> for any free local port, <c>80</c> for the same on both sides; numbers or names of ports.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("p")]
    [ArgumentCompleter(typeof(PodPortCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Port { get; set; } = [];

    /// <inheritdoc cref="PodCommand.Kind"/>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Kind { get; set; }

    /// <summary>Local address to listen on; anything but loopback lets other machines in.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public IPAddress Address { get; set; } = IPAddress.Loopback;

    /// <summary>
    /// How long to wait for a pod that is ready: seconds or a TimeSpan. If omitted, up to a minute while a pod starts; where none is starting, because there is no pod, an image cannot be pulled
    /// or no node takes it, it fails at once.
    /// </summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (!await ShouldProcessAsync($"{Name} in namespace {NamespaceOrDefault}", $"Forward port {string.Join(", ", Port)}"))
        {
            return;
        }

        PodTarget target = await new PodStreams(Api).FindAsync(Kind, Name, NamespaceOrDefault, cancellation);
        foreach (LabPortForward forward in await LabPortForward.StartAsync(Api, target, Port, Address, Timeout, cancellation))
        {
            await WriteAsync(forward, cancellation);
        }
    }
}
