using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Questions to the person at the host.</summary>
internal static class UserPrompt
{
    /// <summary>Asks for a line of text. On the pipeline thread.</summary>
    /// <param name="host">PowerShell's host.</param>
    /// <param name="caption">What it is about.</param>
    /// <param name="question">What to type.</param>
    /// <returns>The answer; null where nobody can be asked (<c>-NonInteractive</c>, a job).</returns>
    public static string? Ask(PSHost? host, string caption, string question)
    {
        try
        {
            Collection<FieldDescription> fields = [new FieldDescription(question)];
            return host?.UI?.Prompt(caption, "", fields) is { } answers && answers.TryGetValue(question, out PSObject? answer) ? answer?.BaseObject as string : null;
        }
        catch (Exception e) when (e is HostException or PSInvalidOperationException or NotImplementedException)
        {
            return null;
        }
    }
}
