using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the account's roles, by name or by ARN.</summary>
public class RoleNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
        {
            string word = Completion.Unquote(wordToComplete);
            List<CompletionResult> offers = [];
            await foreach (LabRole role in new RoleStore(new IdentityClient(session)).ListAsync(null, cancellation))
            {
                string text = TextOf(role);
                if (text.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                {
                    offers.Add(Completion.Offer(text, CompletionResultType.ParameterValue, role.Description ?? role.RoleArn));
                }
            }

            return offers;
        });

    /// <summary>What is offered of a role.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Its name.</returns>
    private protected virtual string TextOf(LabRole role) => role.Name;
}
