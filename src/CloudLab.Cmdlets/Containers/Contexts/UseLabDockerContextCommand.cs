using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Cmdlets.Containers.Contexts;

/// <summary>Chooses the context that CloudLab and all docker tools of this user work with from now on.</summary>
/// <remarks>
/// <para>This changes currentContext in the docker CLI's config.json, as 'docker context use' does; the rest of the file stays. To
/// use another engine in this session only, give -DockerContext to a cmdlet or to Connect-Lab.</para>
/// <para>DOCKER_HOST and DOCKER_CONTEXT have precedence: if one of them is set, a warning says so.</para>
/// <para>Errors: DockerContextNotFound, with the names that are similar; DockerConfigNotWritten when config.json cannot be written.</para>
/// </remarks>
/// <example>
/// <para>Goes back to the default engine, and shows first what would be changed.</para>
/// <code>Use-LabDockerContext -Name default -WhatIf</code>
/// </example>
/// <example>
/// <para>Chooses the context whose engine runs on another machine.</para>
/// <code>Get-LabDockerContext | Where-Object DockerHost -like ssh://* | Select-Object -First 1 | Use-LabDockerContext -WhatIf</code>
/// </example>
/// <inputtype>Name of a context.</inputtype>
[Cmdlet(VerbsOther.Use, "LabDockerContext", SupportsShouldProcess = true)]
[OutputType(typeof(LabDockerContext))]
public sealed class UseLabDockerContextCommand : DockerCommand
{
    /// <summary>Name of a context.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DockerContextCompleter))]
    public string Name { get; set; } = "";

    /// <summary>Writes the context.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        DockerConnection docker = Lab.Docker;
        if (!await ShouldProcessAsync(Name, "Use this Docker context for all docker tools"))
        {
            return;
        }

        if (docker.UseContext(Name) is { } variable)
        {
            Reporter.Warning($"The environment variable {variable} is set and has precedence over the context '{Name}'.");
        }

        if (PassThru)
        {
            await WriteAsync(Lab.Docker.DescribeContexts().First(context => context.Name == Name), cancellation);
        }
    }
}
