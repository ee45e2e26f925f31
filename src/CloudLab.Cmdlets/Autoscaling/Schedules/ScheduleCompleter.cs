using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Offers schedules that are used often, each with its meaning.</summary>
public sealed class ScheduleCompleter : IArgumentCompleter
{
    private static readonly (string Text, string Meaning)[] Usual =
    [
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("30 * * * *", "At minute 30 of every hour"),
        ("30 2 * * *", "At 02:30, every day"),
        ("0 9 * * 1-5", "At 09:00, on Monday to Friday"),
        ("0 3 * * 0", "At 03:00, on Sunday"),
        ("0 4 1 * *", "At 04:00, on day 1 of the month"),
        ("@hourly", "At minute 0 of every hour"),
        ("@daily", "At 00:00, every day"),
        ("@weekly", "At 00:00, on Sunday"),
        ("@monthly", "At 00:00, on day 1 of the month"),
        ("@yearly", "At 00:00, on day 1 of the month in January"),
        ("@every 1h30m", "Every 1 h 30 min, counted from the previous run"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Usual.Where(schedule => schedule.Text.StartsWith(Completion.Unquote(wordToComplete), StringComparison.Ordinal))
            .Select(schedule => Completion.Offer(schedule.Text, CompletionResultType.ParameterValue, schedule.Meaning));
}
