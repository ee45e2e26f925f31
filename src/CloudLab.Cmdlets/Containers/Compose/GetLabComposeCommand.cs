using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>Shows the services of a compose project, or lists the projects in a Docker Engine.</summary>
/// <remarks>
/// <para>In a folder with a compose file, its services are shown: those without containers, too. A project whose file is elsewhere is found by its -ProjectName, and -All lists
/// the projects; both read the labels of containers and need no docker compose. The output binds the cmdlets for containers and for compose projects.</para>
/// <para>Errors: ComposeFileNotFound, ComposeFileInvalid, ComposeProjectNotFound and ComposeServiceNotFound, with the nearest names. ComposeNotFound when a file has to be read and docker compose
/// is missing, and NoDockerEngine; these end the command.</para>
/// </remarks>
/// <example>
/// <para>Shows the services of the folder shop.</para>
/// <code>Get-LabCompose shop</code>
/// </example>
/// <example>
/// <para>Lists the projects in the engine.</para>
/// <code>Get-LabCompose -All</code>
/// </example>
/// <inputtype>Compose files or folders, or CloudLab.Core.Containers.Compose.LabComposeProject.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabCompose", DefaultParameterSetName = ServicesSet)]
[OutputType(typeof(LabComposeService), typeof(LabComposeProject))]
public sealed class GetLabComposeCommand : ComposeCommand
{
    private const string ServicesSet = "Services", AllSet = "All";

    /// <summary>Names of services; wildcards are allowed. All if omitted.</summary>
    [Parameter(Position = 1, ParameterSetName = ServicesSet)]
    [ArgumentCompleter(typeof(ComposeCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Lists the projects that have containers, instead of the services of one; -ProjectName chooses among them and may have wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = AllSet)]
    [Alias("a")]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        ComposeStore store = new(Lab, Reporter);
        if (All)
        {
            WildcardPattern pattern = new(ProjectName ?? "*", WildcardOptions.IgnoreCase);
            await WriteManyAsync((await store.ProjectsAsync(cancellation)).Where(project => pattern.IsMatch(project.Project)), cancellation);
            return;
        }

        IReadOnlyList<LabComposeService> services = await store.ServicesAsync(Source, cancellation);
        if (Service.Length == 0)
        {
            await WriteManyAsync(services, cancellation);
            return;
        }

        await ForEachMeantAsync(
            Service,
            name => Task.FromResult(services.FirstOrDefault(service => service.Service == name) ?? throw new LabException(
                LabErrorKind.NotFound, "ComposeServiceNotFound",
                $"There is no service '{name}' in this compose project: {string.Join(", ", services)} exist.") { Target = name }),
            () => Task.FromResult(services), service => service.Service, async service => await WriteAsync(service, cancellation));
    }
}
