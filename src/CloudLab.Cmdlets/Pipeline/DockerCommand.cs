using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the cmdlets that talk to a Docker Engine.</summary>
public abstract class DockerCommand : LabCommand
{
    private readonly CommandSession session = new();

    /// <summary>Docker Engine: <c>unix:///var/run/docker.sock</c>, <c>npipe:////./pipe/docker_engine</c>, <c>tcp://host:2376</c> or <c>ssh://user@host</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DockerHost { get; set; }

    /// <summary>Name of a docker CLI context.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DockerContextCompleter))]
    public string? DockerContext { get; set; }

    /// <inheritdoc cref="AwsCommand.Session"/>
    [Parameter]
    [ValidateNotNull]
    public LabSession? Session { get; set; }

    /// <summary>The session that the parameters, the session object and the runspace's default add up to.</summary>
    protected LabSession Lab => session.Resolve(new SessionOptions { DockerHost = DockerHost, DockerContext = DockerContext }, Session);

    /// <inheritdoc/>
    protected override void OnBegin() => session.Begin();

    /// <summary>Works on what names and wildcards mean, one after the other, as <see cref="LabCommand.ForEachAsync"/> does.</summary>
    /// <typeparam name="T">Type of the things.</typeparam>
    /// <param name="names">Names and wildcards.</param>
    /// <param name="find">Finds one by its name.</param>
    /// <param name="list">Lists them; used for wildcards.</param>
    /// <param name="nameOf">The name of one.</param>
    /// <param name="work">What to do with each.</param>
    /// <returns>Done when all had their turn.</returns>
    private protected Task ForEachMeantAsync<T>(
        IEnumerable<string> names, Func<string, Task<T>> find, Func<Task<IReadOnlyList<T>>> list, Func<T, string> nameOf, Func<T, Task> work) =>
        ForEachAsync(names, async name =>
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                await work(await find(name));
                return;
            }

            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            await ForEachAsync((await list()).Where(item => pattern.IsMatch(nameOf(item))), work, nameOf);
        });

    /// <summary>
    /// Looks at a container that has to run. One of several that is between two restarts is left out with a warning: the engine lists it among those that run, and the others are to be
    /// written with -ErrorAction Stop, too. One that is named alone is an error.
    /// </summary>
    /// <param name="names">What the parameter was given.</param>
    /// <param name="look">Looks at it.</param>
    /// <returns>Done when it was looked at, or left out.</returns>
    private protected async Task LookAsync(string[] names, Func<Task> look)
    {
        try
        {
            await look();
        }
        catch (LabException e) when (e.Code == "ContainerRestarting"
            && (MyInvocation.ExpectingInput || names.Length > 1 || names.Any(WildcardPattern.ContainsWildcardCharacters)))
        {
            Reporter.Warning($"{e.Message} It is left out. {e.Advice}");
        }
    }
}
