using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Identity;

/// <summary>An account that has a root user and nobody else.</summary>
/// <param name="accountId">Twelve digits.</param>
/// <param name="accessKeyId">Root's access key.</param>
/// <param name="secretKey">Root's secret key.</param>
internal sealed class RootAccount(string accountId, string accessKeyId, string secretKey) : IAccount
{
    private readonly AccessKeyRecord root = new(
        accessKeyId, secretKey, new Principal(PrincipalKind.Root, accountId, $"arn:aws:iam::{accountId}:root", accountId));

    /// <inheritdoc/>
    public string AccountId { get; } = accountId;

    /// <inheritdoc/>
    public AccessKeyRecord? FindKey(string accessKeyId) => accessKeyId == root.AccessKeyId ? root : null;

    /// <inheritdoc/>
    public Authorization Authorize(
        Principal principal,
        string action,
        string resourceArn,
        IReadOnlyDictionary<string, string[]> conditionContext,
        JsonNode? resourcePolicy) =>
        principal.Kind == PrincipalKind.Root
            ? Identity.Authorization.Yes
            : new Authorization(false, $"because no identity-based policy allows the {action} action");
}
