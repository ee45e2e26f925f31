using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Catalogue;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>Trust policies that are asked for often.</summary>
public static class RoleTrust
{
    private const string GitHub = "token.actions.githubusercontent.com";

    /// <summary>A service of AWS.</summary>
    /// <param name="services">Names with or without their domain: <c>ec2</c>, <c>ec2.amazonaws.com</c>.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (<c>ServiceInvalid</c>).</returns>
    public static PolicyDocument Service(IEnumerable<string> services) => PolicyStatements.Trust(services.Select(service =>
        service.Length > 0 && service.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            ? service.Contains('.', StringComparison.Ordinal) ? service
                : ServicePrincipals.IsKnown(service) ? service + ".amazonaws.com"
                : throw new LabException(
                    LabErrorKind.InvalidArgument, "ServiceInvalid",
                    $"No service of that name is known: '{service}'{ServicePrincipals.WhatWasMeant(service)} If there is one, write its whole name: {service}.amazonaws.com.")
            : throw new LabException(
                LabErrorKind.InvalidArgument, "ServiceInvalid", $"'{service}' is not the name of a service: write ec2 or ec2.amazonaws.com.")));

    /// <summary>Accounts: their own policies decide which of their users and roles may assume the role.</summary>
    /// <param name="accounts">Account ids or ARNs of accounts.</param>
    /// <param name="externalId">What callers have to give as external id, or null.</param>
    /// <param name="requireMfa">Only callers that signed in with an MFA device.</param>
    /// <returns>The policy.</returns>
    public static PolicyDocument Account(IEnumerable<string> accounts, string? externalId, bool requireMfa)
    {
        List<PolicyCondition> conditions = [];
        if (externalId is not null)
        {
            conditions.Add(new PolicyCondition("StringEquals", "sts:ExternalId", [externalId]));
        }

        if (requireMfa)
        {
            conditions.Add(new PolicyCondition("Bool", "aws:MultiFactorAuthPresent", ["true"]));
        }

        return One(PolicyStatements.Principal(accounts), "sts:AssumeRole", conditions);
    }

    /// <summary>A service account of a Kubernetes cluster (IAM roles for service accounts, as in EKS).</summary>
    /// <param name="provider">ARN of the cluster's OIDC provider: <c>arn:aws:iam::123456789012:oidc-provider/oidc.eks.…/id/…</c>.</param>
    /// <param name="serviceAccounts"><c>namespace/name</c> of each; a name may have wildcards.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (<c>ProviderInvalid</c>, <c>ServiceAccountInvalid</c>).</returns>
    public static PolicyDocument ServiceAccount(string provider, IReadOnlyList<string> serviceAccounts) => Oidc(
        provider,
        [
            .. serviceAccounts.Select(account => account.Split('/') is [{ Length: > 0 } place, { Length: > 0 } name] && !account.Contains(':', StringComparison.Ordinal)
                ? $"system:serviceaccount:{place}:{name}"
                : throw new LabException(
                    LabErrorKind.InvalidArgument, "ServiceAccountInvalid", $"'{account}' is not a service account: write namespace/name, such as kube-system/aws-node.")),
        ]);

    /// <summary>Workflows of repositories on GitHub.</summary>
    /// <param name="account">Account of the OIDC provider, where <paramref name="repositories"/> come without its ARN.</param>
    /// <param name="repositories">
    /// <c>org/name</c> for everything of a repository, or with what limits it: <c>org/name:ref:refs/heads/main</c>, <c>org/name:environment:production</c>.
    /// </param>
    /// <returns>The policy. Throws <see cref="LabException"/> (<c>RepositoryInvalid</c>).</returns>
    public static PolicyDocument GitHubRepository(string account, IReadOnlyList<string> repositories) => Oidc(
        $"arn:aws:iam::{account}:oidc-provider/{GitHub}", [.. repositories.Select(Subject)]);

    /// <summary>An identity provider with the subjects it may speak for.</summary>
    /// <param name="provider">ARN of an OIDC or SAML provider.</param>
    /// <param name="subjects">The subjects: values of the token's <c>sub</c>, which may have wildcards; <c>*</c> alone for everything that an OIDC provider signs.</param>
    /// <returns>The policy. Throws <see cref="LabException"/> (<c>ProviderInvalid</c>, <c>SubjectMissing</c>).</returns>
    public static PolicyDocument Federated(string provider, IReadOnlyList<string> subjects) =>
        provider.Contains(":saml-provider/", StringComparison.Ordinal)
            ? One(new PolicyPrincipal { Federated = [provider] }, "sts:AssumeRoleWithSAML", [new PolicyCondition("StringEquals", "SAML:aud", ["https://signin.aws.amazon.com/saml"])])
            : subjects.Count > 0 ? Oidc(provider, subjects is ["*"] ? [] : subjects)
            : throw new LabException(
                LabErrorKind.InvalidArgument, "SubjectMissing",
                "Without a subject, everybody with a token of this provider could assume the role: give -Subject or -ServiceAccount, or -Subject '*' if that is meant.");

    private static PolicyDocument Oidc(string provider, IReadOnlyList<string> subjects)
    {
        if (provider.Split(':', 6) is not ["arn", _, "iam", "", { Length: > 0 }, var resource] || !resource.StartsWith("oidc-provider/", StringComparison.Ordinal))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ProviderInvalid",
                $"'{provider}' is not an identity provider: give the ARN of one, such as arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/1234 or arn:aws:iam::123456789012:saml-provider/name.");
        }

        string issuer = resource["oidc-provider/".Length..];
        List<PolicyCondition> conditions = [new("StringEquals", issuer + ":aud", ["sts.amazonaws.com"])];
        if (subjects.Count > 0)
        {
            bool wild = subjects.Any(subject => subject.Contains('*', StringComparison.Ordinal) || subject.Contains('?', StringComparison.Ordinal));
            conditions.Add(new PolicyCondition(wild ? "StringLike" : "StringEquals", issuer + ":sub", subjects));
        }

        return One(new PolicyPrincipal { Federated = [provider] }, "sts:AssumeRoleWithWebIdentity", conditions);
    }

    private static string Subject(string repository)
    {
        string text = repository.StartsWith("repo:", StringComparison.Ordinal) ? repository[5..] : repository;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        string[] parts = (colon < 0 ? text : text[..colon]).Split('/');

        // A wildcard in place of the organization would let in everybody's workflows.
        // What follows the repository has a name of its own: a branch is ref:refs/heads/main, not main.
        string limit = colon < 0 ? "*" : text[(colon + 1)..];
        bool named = limit is "*" or "pull_request" || (limit.IndexOf(':', StringComparison.Ordinal) is var end && end > 0 && end < limit.Length - 1);
        if (!named)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "RepositoryInvalid",
                $"'{repository}': '{limit}' does not say what it is. For a branch write {text[..colon]}:ref:refs/heads/{(limit.Length > 0 ? limit : "main")}, for an environment {text[..colon]}:environment:{(limit.Length > 0 ? limit : "production")}, for pull requests {text[..colon]}:pull_request.");
        }

        return parts is [{ Length: > 0 } organization, { Length: > 0 }] && !organization.Contains('*', StringComparison.Ordinal) && !organization.Contains('?', StringComparison.Ordinal)
            ? "repo:" + (colon < 0 ? text + ":*" : text)
            : throw new LabException(
                LabErrorKind.InvalidArgument, "RepositoryInvalid",
                $"'{repository}' is not a repository: write org/name, org/name:ref:refs/heads/main or org/name:environment:production.");
    }

    private static PolicyDocument One(PolicyPrincipal principal, string action, IReadOnlyList<PolicyCondition> conditions) =>
        new([new PolicyStatement { Effect = PolicyEffect.Allow, Principal = principal, Action = [action], Condition = [.. conditions] }]);
}
