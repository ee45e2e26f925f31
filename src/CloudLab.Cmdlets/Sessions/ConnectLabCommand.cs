using System.Management.Automation;
using CloudLab.Cmdlets.Emulator;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Identity.Principals;
using CloudLab.Core.Identity.Sts;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Wire;
using CloudLab.Emulator;

namespace CloudLab.Cmdlets.Sessions;

/// <summary>Sets the default session of the runspace, and shows your identity and settings.</summary>
/// <remarks>
/// <para>The parameters become the defaults of every CloudLab cmdlet in this runspace, until Disconnect-Lab or the next
/// Connect-Lab. Settings that they do not give still come from the environment and the configuration files. A new runspace
/// (ForEach-Object -Parallel, a job) starts without defaults: give it the session with -Session $using:session.</para>
/// <para>The session is checked before it becomes the default: STS is asked for the identity of the credentials, and a Docker Engine or
/// Kubernetes cluster named here is asked for its version. If credentials are refused or a server does not answer,
/// the defaults are not changed. A server without STS is asked for its buckets instead, which shows whether the keys are correct.
/// Without AWS credentials the other systems can still be used: a warning says so.</para>
/// <para>The session is also written; assign it to a variable to use it with -Session, or to $null.</para>
/// <para>Errors: NoCredentials, ProfileNotFound or ProfileUnusable when the requested profile provides no credentials; RegionInvalid;
/// InvalidClientTokenId, InvalidAccessKeyId, SignatureDoesNotMatch or ExpiredToken when the service refuses them; EmulatorStopped for an
/// emulator that is no longer running; ConnectionFailed, NoCluster or NoDockerEngine
/// when nothing answers at the address.</para>
/// </remarks>
/// <example>
/// <para>Uses the environment's credentials in another region.</para>
/// <code>Connect-Lab -Region eu-central-1</code>
/// </example>
/// <example>
/// <para>Makes an existing session the default, with another namespace, without contacting any server.</para>
/// <code>Connect-Lab -Session (Get-LabSession) -Namespace movies -SkipCheck</code>
/// </example>
/// <example>
/// <para>Returns to a running emulator after acting as a role.</para>
/// <code>$null = New-LabRole movies-guest; Use-LabRole movies-guest; Get-LabEmulator | Connect-Lab</code>
/// </example>
/// <inputtype>CloudLab.Emulator.LabEmulatorInfo. What Start-LabEmulator and Get-LabEmulator write.</inputtype>
[Cmdlet(VerbsCommunications.Connect, "Lab")]
[OutputType(typeof(LabSession))]
public sealed class ConnectLabCommand : ConnectionCommand
{
    /// <summary>Sets the defaults without contacting any server.</summary>
    [Parameter]
    public SwitchParameter SkipCheck { get; set; }

    /// <summary>A running emulator to connect to, as its root user; other parameters take precedence.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public LabEmulatorInfo? Emulator { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        SessionOptions options = Options();
        // From scratch: defaults of an earlier Connect-Lab do not shine through.
        LabSession session = LabSession.Resolve(options, "Connect-Lab", Basis());
        if (options.Region is not null)
        {
            // Refused here, since without credentials nothing would look at it.
            _ = session.Aws.Region;
        }

        if (options is { Keys: not null, EndpointUrl: null } && session.Aws.Endpoint("STS") is null && RunningEmulators.List() is [var running, ..])
        {
            // The keys of a user of the emulator look like any others.
            Reporter.Warning($"These credentials are used at AWS, not at the emulator that is running ({running.EndpointUrl}): for a user of the emulator, pipe Get-LabEmulator to Connect-Lab -Credential, or give -EndpointUrl.");
        }

        if (!SkipCheck)
        {
            if (await IdentifyAsync(session, options, cancellation) is { } identity)
            {
                session = LabSession.Resolve(new SessionOptions { Identity = identity.Arn }, "STS GetCallerIdentity", session);
            }

            if (options.DockerHost is not null || options.DockerContext is not null)
            {
                await new DockerEngine(session.Docker).NegotiateAsync(cancellation);
            }

            if (options.KubeConfig is not null || options.KubeContext is not null)
            {
                await KubernetesApi.For(session.Kubernetes).CatalogAsync(cancellation);
            }
        }

        await AskAsync(() =>
        {
            DefaultSession.Set(session);
            return true;
        });
        await WriteAsync(session, cancellation);
    }

    private LabSession? Basis() => Emulator switch
    {
        null => Session,
        { Running: true } => LabSession.Resolve(Emulator.GetSessionOptions(), $"emulator {Emulator.Id}", Session),
        _ => throw new LabException(
            LabErrorKind.InvalidArgument, "EmulatorStopped", $"Emulator {Emulator.Id} at {Emulator} has been stopped: see Get-LabEmulator and Start-LabEmulator."),
    };

    private async Task<LabCallerIdentity?> IdentifyAsync(LabSession session, SessionOptions options, CancellationToken cancellation)
    {
        bool asked = options.Keys is not null || options.ProfileName is not null || options.EndpointUrl is not null || Emulator is not null;
        try
        {
            return await new CallerStore(new IdentityClient(session, Reporter)).GetIdentityAsync(cancellation);
        }
        catch (LabException e) when (session.Aws.Endpoint("STS") is not null
            && e.Kind is LabErrorKind.NotSupported or LabErrorKind.NotFound or LabErrorKind.InvalidData or LabErrorKind.AccessDenied or LabErrorKind.ServiceFailed)
        {
            await CheckKeysAsync(session, cancellation);
            Reporter.Warning($"The server does not report whose credentials these are: {e.Message}");
        }
        catch (LabException e) when (!asked && (e.Code == "NoCredentials" || e.Kind == LabErrorKind.ConnectionFailed))
        {
            string told = $"S3, IAM and STS cannot be used: {e.Message}";
            if (options is { KubeConfig: null, KubeContext: null, DockerHost: null, DockerContext: null })
            {
                Reporter.Warning(told);
            }
            else
            {
                // What was asked for is something else.
                Reporter.Verbose(told);
            }
        }

        return null;
    }

    // Where there is no STS, S3 tells whether it knows the keys; whether they may list buckets is another matter.
    private async Task CheckKeysAsync(LabSession session, CancellationToken cancellation)
    {
        try
        {
            await foreach (LabBucket _ in new BucketStore(new StorageClient(session, Reporter)).ListAsync(cancellation: cancellation))
            {
                break;
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotSupported or LabErrorKind.AccessDenied or LabErrorKind.NotFound)
        {
            Reporter.Warning($"The server does not report whether the keys are correct: {e.Message}");
        }
    }
}
