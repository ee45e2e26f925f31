using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Starts the services of a compose project: creates what is missing, and recreates what has changed.</summary>
/// <remarks>
/// <para>docker compose does the work ('docker compose up --detach') and must be installed. Progress shows what it is doing, -Verbose each step. -WhatIf shows
/// the networks, volumes and containers that would be created.</para>
/// <para>With -Wait the command ends when every service runs, is healthy if it has a health check, or has ended with exit code 0 if it only had a task to do.
/// A service that ends with another exit code, becomes unhealthy or keeps being restarted is an error with the last lines of its log. A service that others
/// wait for with service_completed_successfully has to end; one without a health check has to run for two seconds.</para>
/// <para>Errors: ComposeFileNotFound, ComposeFileInvalid, ComposeEnvFileNotFound, ComposeServiceNotFound; ComposeServiceFailed, ComposeServiceUnhealthy and
/// ComposeServiceRestarting name the service; WaitTimeout says what it was waiting for; ComposeFailed repeats what docker compose said. ComposeNotFound and NoDockerEngine when
/// compose or the engine is missing; these end the command.</para>
/// </remarks>
/// <example>
/// <para>Starts the project of the folder shop and waits until it is up.</para>
/// <code>Start-LabCompose shop -Wait</code>
/// </example>
/// <example>
/// <para>Starts two files as one project, with a profile and three containers of the service web.</para>
/// <code>Start-LabCompose shop/compose.yaml, shop/compose.debug.yaml -Profile debug -Scale @{ web = 3 }</code>
/// </example>
/// <example>
/// <para>Shows what would be created.</para>
/// <code>Start-LabCompose shop -WhatIf</code>
/// </example>
/// <inputtype>Compose files or folders, or CloudLab.Core.Containers.Compose.LabComposeProject.</inputtype>
[Cmdlet(VerbsLifecycle.Start, "LabCompose", SupportsShouldProcess = true)]
[OutputType(typeof(LabComposeService))]
public sealed class StartLabComposeCommand : ComposeCommand
{
    /// <summary>Names of services; all if omitted. The services that they depend on are started, too.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Waits until everything runs and is healthy, or has ended with exit code 0.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait with -Wait: seconds or a TimeSpan.</summary>
    [Parameter]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Builds images first.</summary>
    [Parameter]
    public SwitchParameter Build { get; set; }

    /// <summary>When to pull images: always, missing or never. The compose file's own setting if omitted.</summary>
    [Parameter]
    [ValidateSet("always", "missing", "never")]
    public string? Pull { get; set; }

    /// <summary>Creates all containers anew, even if nothing has changed.</summary>
    [Parameter]
    public SwitchParameter ForceRecreate { get; set; }

    /// <summary>Removes containers of services that are no longer in the file.</summary>
    [Parameter]
    public SwitchParameter RemoveOrphans { get; set; }

    /// <summary>How many containers services are to have: <c>@{ web = 3 }</c>.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Scale { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ComposeRunner runner = new(Lab, Reporter);
        ComposeSource source = await runner.WithFilesAsync(Source, cancellation);
        ComposeStartOptions options = new()
        {
            Services = Service,
            Build = Build,
            Pull = Pull?.ToLowerInvariant(),
            ForceRecreate = ForceRecreate,
            RemoveOrphans = RemoveOrphans,
            Scale = Counts(),
        };
        (string project, IReadOnlyList<string> services) = await runner.CheckAsync(source, Service, cancellation);
        if (await AskAsync(IsWhatIf))
        {
            foreach (ComposeChange change in await runner.PlanStartAsync(source, options, cancellation))
            {
                await ShouldProcessAsync(change.Target, change.Action);
            }

            return;
        }

        if (!await ShouldProcessAsync(project, $"Start the services {string.Join(", ", services)}"))
        {
            return;
        }

        WaitOptions? wait = Wait ? new WaitOptions { Timeout = Timeout, PollInterval = TimeSpan.FromSeconds(1) } : null;
        (IReadOnlyList<LabComposeService> started, IReadOnlyList<LabException> problems) = await runner.StartAsync(source, options, wait, cancellation);
        await WriteManyAsync(started, cancellation);
        foreach (LabException problem in problems)
        {
            WriteProblem(problem, problem.Target);
        }
    }

    private Dictionary<string, int> Counts()
    {
        Dictionary<string, int> counts = [];
        foreach ((string service, string count) in PlainObject.Texts(Scale))
        {
            counts[service] = int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
                : throw new LabException(LabErrorKind.InvalidArgument, "ScaleInvalid", $"'{count}' is not a number of containers for '{service}': -Scale takes @{{ {service} = 3 }}.");
        }

        return counts;
    }
}
