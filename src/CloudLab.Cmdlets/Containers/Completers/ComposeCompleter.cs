using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Compose;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers compose projects by name, and the services and profiles of the project that the command line so far means.</summary>
public sealed class ComposeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string current = DockerfileCompleter.Current();
        string[] paths = fakeBoundParameters[fakeBoundParameters.Contains("Compose") ? "Compose" : "Path"] switch
        {
            IEnumerable<object> several => [.. several.Select(path => System.IO.Path.GetFullPath($"{path}", current))],
            { } one => [System.IO.Path.GetFullPath($"{one}", current)],
            _ => [],
        };
        ComposeSource source = new()
        {
            Folder = Array.Find(paths, Directory.Exists) ?? current,
            Files = [.. paths.Where(File.Exists)],
            ProjectName = Completion.Bound<string>(fakeBoundParameters, "ProjectName"),
        };
        return Completion.Ask(fakeBoundParameters, OfferAsync);

        async IAsyncEnumerable<CompletionResult> OfferAsync(LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
        {
            IEnumerable<string> names;
            ComposeStore store = new(session, NullReporter.Instance);
            if (parameterName == "ProjectName")
            {
                names = (await store.ProjectsAsync(cancellation)).Select(project => project.Project);
            }
            else if (parameterName == "Service" && source is { ProjectName: not null, Files.Count: 0 })
            {
                names = (await store.ServicesAsync(source, cancellation)).Select(service => service.Service);
            }
            else
            {
                (IReadOnlyList<string> services, IReadOnlyList<string> profiles) = await new ComposeChecker(session, NullReporter.Instance).NamesAsync(source, cancellation);
                names = parameterName == "Profile" ? profiles : services;
            }

            foreach (CompletionResult offer in Completion.Offers(names, wordToComplete))
            {
                yield return offer;
            }
        }
    }
}
