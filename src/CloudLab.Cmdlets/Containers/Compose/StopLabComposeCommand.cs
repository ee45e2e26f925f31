using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Stops the services of a compose project; with -Remove also removes its containers and networks.</summary>
/// <remarks>
/// <para>Without -Remove the containers stay and can be started again ('docker compose stop'). With -Remove they and the project's networks are removed ('docker compose down');
/// -Volume also removes the project's volumes with all their data, after a confirmation, and -Image its images. A project that has no file any more is stopped
/// by its -ProjectName. -WhatIf shows everything that would be stopped or removed.</para>
/// <para>Errors: ComposeFileNotFound, ComposeFileInvalid, ComposeServiceNotFound; ComposeProjectNotFound, with the nearest names; ComposeFailed repeats what docker compose said.
/// ComposeNotFound and NoDockerEngine when compose or the engine is missing; these end the command.</para>
/// </remarks>
/// <example>
/// <para>Stops the project of the folder shop.</para>
/// <code>Stop-LabCompose shop</code>
/// </example>
/// <example>
/// <para>Removes all projects of the engine, with their volumes and without asking.</para>
/// <code>Get-LabCompose -All | Stop-LabCompose -Remove -Volume -Force</code>
/// </example>
/// <inputtype>Compose files or folders, CloudLab.Core.Containers.Compose.LabComposeProject, or LabComposeService.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabCompose", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = StopSet)]
[OutputType(typeof(LabComposeService))]
public sealed class StopLabComposeCommand : ComposeCommand
{
    private const string StopSet = "Stop", RemoveSet = "Remove";

    /// <summary>Names of services; all if omitted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Also removes the containers and the project's networks.</summary>
    [Parameter(ParameterSetName = RemoveSet, Mandatory = true)]
    [Alias("Down")]
    public SwitchParameter Remove { get; set; }

    /// <summary>Also removes the project's volumes with all their data.</summary>
    [Parameter(ParameterSetName = RemoveSet)]
    [Alias("Volumes", "v")]
    public SwitchParameter Volume { get; set; }

    /// <summary>Also removes images: those without a name of their own (local), or all that the services use.</summary>
    [Parameter(ParameterSetName = RemoveSet)]
    [Alias("Rmi")]
    [ValidateSet("local", "all")]
    public string? Image { get; set; }

    /// <inheritdoc cref="StartLabComposeCommand.RemoveOrphans"/>
    [Parameter(ParameterSetName = RemoveSet)]
    public SwitchParameter RemoveOrphans { get; set; }

    /// <inheritdoc cref="Containers.StoppingCommand.Timeout"/>
    [Parameter]
    [Alias("Time", "t")]
    [Seconds]
    [NotNegative]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the services as they are afterwards.</summary>
    [Parameter(ParameterSetName = StopSet)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ComposeRunner runner = new(Lab, Reporter);
        ComposeStopOptions options = new()
        {
            Services = Service,
            Remove = Remove,
            Volumes = Volume,
            Images = Image?.ToLowerInvariant(),
            RemoveOrphans = RemoveOrphans,
            Grace = Timeout,
        };
        ComposeStore store = new(Lab, Reporter);

        // Compose takes a name that does not exist for a project with nothing to do.
        string project = Source is { ProjectName: { } name, Files.Count: 0 }
            ? (await store.ServicesAsync(Source, cancellation))[0].Project
            : (await runner.CheckAsync(Source, Service, cancellation)).Project;
        if (await AskAsync(IsWhatIf))
        {
            foreach (ComposeChange change in await runner.PlanStopAsync(Source, options, cancellation))
            {
                await ShouldProcessAsync(change.Target, change.Action);
            }

            return;
        }

        string action = (Remove.IsPresent, Service.Length) switch
        {
            (false, 0) => "Stop",
            (false, _) => $"Stop the services {string.Join(", ", Service)}",
            (true, 0) => $"Remove the containers and networks{(Volume ? ", and the volumes with all their data" : "")}",
            (true, _) => $"Remove the services {string.Join(", ", Service)}{(Volume ? ", and their volumes with all their data" : "")}",
        };
        if (!await ShouldProcessAsync(project, action, Force || !Volume))
        {
            return;
        }

        await runner.StopAsync(Source, options, cancellation);
        if (PassThru)
        {
            await WriteManyAsync((await store.ServicesAsync(Source, cancellation)).Where(service => Service.Length == 0 || Service.Contains(service.Service)), cancellation);
        }
    }
}
