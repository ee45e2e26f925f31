using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions.Docker;

namespace CloudLab.Cmdlets.Containers.Contexts;

/// <summary>Lists the contexts of the docker CLI and the engine that each stands for.</summary>
/// <remarks>
/// <para>The context default stands for DOCKER_HOST or, without it, the platform's default socket. IsCurrent marks the one that this
/// session uses. No engine is contacted.</para>
/// <para>Errors: DockerContextNotFound when no context has that name; DockerConfigInvalid when config.json is not valid.</para>
/// </remarks>
/// <example>
/// <para>Lists all contexts.</para>
/// <code>Get-LabDockerContext</code>
/// </example>
/// <example>
/// <para>Shows the address of the engine in use.</para>
/// <code>Get-LabDockerContext | Where-Object IsCurrent | Select-Object -ExpandProperty DockerHost</code>
/// </example>
/// <inputtype>Names of contexts.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabDockerContext")]
[OutputType(typeof(LabDockerContext))]
public sealed class GetLabDockerContextCommand : DockerCommand
{
    /// <summary>Names of contexts; wildcards are allowed. All if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DockerContextCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        LabDockerContext[] all = [.. Lab.Docker.DescribeContexts()];
        foreach (string name in Name)
        {
            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            LabDockerContext[] found = Array.FindAll(all, context => pattern.IsMatch(context.Name));
            await WriteManyAsync(found, cancellation);
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteProblem(
                    new LabException(LabErrorKind.NotFound, "DockerContextNotFound", $"There is no Docker context '{name}': Get-LabDockerContext lists the existing contexts."), name);
            }
        }
    }
}
