using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Base of the completers that ask a service, or its configuration, in the session that the command line so far means.</summary>
public abstract class ServiceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public virtual IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionRequest request = new(commandName, parameterName, Completion.Unquote(wordToComplete), fakeBoundParameters);
        return Completion.Ask(fakeBoundParameters, (session, cancellation) => OfferAsync(request, session, cancellation));
    }

    /// <summary>Looks for what can be offered.</summary>
    /// <param name="request">What is to be completed.</param>
    /// <param name="session">The session.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>What to offer, in this order.</returns>
    private protected abstract IAsyncEnumerable<CompletionResult> OfferAsync(CompletionRequest request, LabSession session, CancellationToken cancellation);
}

/// <summary>What is to be completed.</summary>
/// <param name="Command">Name of the cmdlet.</param>
/// <param name="Parameter">Name of the parameter.</param>
/// <param name="Word">What is typed of its value, without quotes.</param>
/// <param name="Bound">Parameters on the command line so far.</param>
internal sealed record CompletionRequest(string Command, string Parameter, string Word, IDictionary Bound)
{
    /// <summary>The text of another parameter on the command line.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>Its value, or null.</returns>
    public string? Text(string parameter) => Completion.Bound<string>(Bound, parameter);

    /// <summary>The first value of another parameter that takes several.</summary>
    /// <param name="parameter">Its name.</param>
    /// <returns>The value as text, or null.</returns>
    public string? First(string parameter) => Bound[parameter] switch
    {
        string one => one,
        IEnumerable many => many.Cast<object?>().FirstOrDefault()?.ToString(),
        _ => null,
    };

    /// <summary>Whether a name begins with what is typed, in any case of letters.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True if it does.</returns>
    public bool Fits(string name) => name.StartsWith(Word, StringComparison.OrdinalIgnoreCase);
}
