using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the cluster's namespaces.</summary>
public sealed class NamespaceCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, (session, cancellation) =>
            NameCompleter.NamesAsync(KubernetesApi.For(session.Kubernetes), "namespaces", null, wordToComplete, cancellation));
}
