using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Schedules;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Offers the time zones of this machine, also by the name of a city alone.</summary>
public sealed class TimeZoneCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return ScheduleZone.Names
            .Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase) || name.Contains("/" + word, StringComparison.OrdinalIgnoreCase))
            .Select(name => Completion.Offer(name));
    }
}
