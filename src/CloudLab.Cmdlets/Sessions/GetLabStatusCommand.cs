using System.Management.Automation;
using CloudLab.Cmdlets.Emulator;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Status;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>The services that a status is about.</summary>
public enum LabStatusService
{
    /// <summary>Object storage.</summary>
    S3,

    /// <summary>Who the AWS credentials stand for.</summary>
    Sts,

    /// <summary>Docker Engine.</summary>
    Docker,

    /// <summary>Kubernetes cluster.</summary>
    Kubernetes,

    /// <summary>Emulators of this process.</summary>
    Emulator,
}

/// <summary>Shows on one screen what this session reaches (S3, STS, Docker, Kubernetes, the emulator), as whom, and what is wrong.</summary>
/// <remarks>
/// <para>All services are checked at once, each for at most -Timeout. Nothing is changed, and no problem is an error: each service is a row with its State, and what to do in Action. Format-List shows
/// version and latency too.</para>
/// <para>S3: buckets can be listed. STS: the identity of the credentials, and when temporary ones expire. Docker: the engine, its API version, and its disk if that is nearly full. Kubernetes:
/// version, user, nodes and kubelets too old or new for it, API services that are down, a certificate or token that expires soon. Emulator: those that run in this process.</para>
/// <para>States: Ok; Warning where something is wrong or will be soon; Denied where the service refuses the credentials or the request; Unreachable where nothing answers in time; NotConfigured where
/// there is no service, or its settings cannot be used.</para>
/// <para>Get-LabSession shows where each setting comes from.</para>
/// </remarks>
/// <example>
/// <para>Everything on one screen.</para>
/// <code>Get-LabStatus</code>
/// </example>
/// <example>
/// <para>Fails a pipeline where the cluster or S3 cannot be used.</para>
/// <code>if (Get-LabStatus -Service S3, Kubernetes | Where-Object State -NotIn Ok, Warning) { throw 'Not ready.' }</code>
/// </example>
/// <inputtype>None. Nothing is read from the pipeline.</inputtype>
/// <seealso cref="ConnectLabCommand"/>
/// <seealso cref="GetLabSessionCommand"/>
/// <seealso cref="Identity.Sts.GetLabCallerIdentityCommand"/>
[Cmdlet(VerbsCommon.Get, "LabStatus")]
[OutputType(typeof(LabStatus))]
public sealed class GetLabStatusCommand : ConnectionCommand
{
    /// <summary>The services to check; all if omitted.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public LabStatusService[] Service { get; set; } = Enum.GetValues<LabStatusService>();

    /// <summary>How long each check may take: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        LabSession session = Lab;
        TimeSpan limit = Timeout;
        Task<IReadOnlyList<LabStatus>>[] checks = [.. Service.Distinct().Order().Select(service => CheckAsync(service, session, limit, cancellation))];
        foreach (Task<IReadOnlyList<LabStatus>> check in checks)
        {
            await WriteManyAsync(await check, cancellation);
        }
    }

    private async Task<IReadOnlyList<LabStatus>> CheckAsync(LabStatusService service, LabSession session, TimeSpan limit, CancellationToken cancellation) => service switch
    {
        LabStatusService.S3 => [await StorageStatus.CheckAsync(session, Reporter, limit, cancellation)],
        LabStatusService.Sts => [await StsStatus.CheckAsync(session, Reporter, limit, cancellation)],
        LabStatusService.Docker => [await EngineStatus.CheckAsync(session, limit, cancellation)],
        LabStatusService.Kubernetes => [await ClusterStatus.CheckAsync(session, limit, cancellation)],
        _ => EmulatorStatus.Check(session),
    };
}
