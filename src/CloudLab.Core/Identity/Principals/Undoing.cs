using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Takes back what was half made.</summary>
internal static class Undoing
{
    /// <summary>Removes a thing again; where that fails too, the error says what is left behind.</summary>
    /// <param name="client">The services.</param>
    /// <param name="subject">It in words: <c>Role 'viewer'</c>.</param>
    /// <param name="target">It, for the error.</param>
    /// <param name="code">Code of the error that says so: <c>RoleHalfMade</c>.</param>
    /// <param name="state">What is wrong with it: <c>has no policy</c>.</param>
    /// <param name="remedy">The command that removes it.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="remove">Removes it; its time is limited.</param>
    /// <returns>Done when removed. Throws <see cref="LabException"/> with this code; after a stop, which takes no errors, a warning says it.</returns>
    public static async Task RunAsync(
        IdentityClient client, string subject, string target, string code, string state, string remedy, Exception problem, Func<CancellationToken, Task> remove)
    {
        try
        {
            await Finishing.RunAsync(remove);
            client.Reporter.Verbose($"{subject} was removed again: {(problem is OperationCanceledException ? "the command was stopped" : $"it {state}")}.");
        }
        catch (LabException e) when (problem is OperationCanceledException)
        {
            client.Reporter.Warning($"{subject} was created before the command was stopped, and it could not be removed again ({e.Message.TrimEnd('.')}): remove it with {remedy}.");
        }
        catch (LabException e)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, code,
                $"{subject} was created but {state} ({problem.Message.TrimEnd('.')}), and it could not be removed again ({e.Message.TrimEnd('.')}).", problem)
            {
                Target = target,
                Advice = $"Remove it with {remedy}, then try again.",
            };
        }
    }
}
