using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Identity.Review;

/// <summary>A rule of the review.</summary>
/// <inheritdoc cref="FindingRule(string, FindingSeverity, string, string, string)" path="/param"/>
public sealed record ReviewRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix) : FindingRule(Id, Severity, Title, Help, Fix)
{
    /// <inheritdoc/>
    public override bool IsSecurity => true;

    /// <summary>Rules that are about how a policy is written: of no use for policies that Amazon writes.</summary>
    internal bool IsHygiene { get; init; }

    /// <summary>All rules, as docs/policy-review.md lists them.</summary>
    public static IReadOnlyList<ReviewRule> All => field ??=
    [
        AdministratorAccess, WildcardService, WildcardAction, WildcardResource, NotActionAllowed, NotResourceAllowed, NotPrincipalAllowed,
        PassRoleAny, PrivilegeEscalation, AssumesAdministrator, DataExposure, PublicPrincipal, FederatedTrustOpen, CrossAccountTrustOpen,
        ServiceTrustOpen, CanonicalUserPrincipal, DeletedPrincipal, ConditionNeverTrue, ConditionAlwaysTrue, ForAllValuesAlone, MfaNotRequired, UnknownAction, ResourceMismatch,
        PolicyVariableLiteral, PolicyUnreadable, UnusedPermission, UnusedPrincipal,
    ];

    internal static ReviewRule AdministratorAccess { get; } = new(
        "AdministratorAccess", FindingSeverity.Critical, "Every action on every resource is allowed.",
        "Whoever gets hold of this identity has the account.",
        "List the actions that are needed; New-LabPolicyDocument -FromTrail writes the policy for what was done.");

    internal static ReviewRule WildcardService { get; } = new(
        "WildcardService", FindingSeverity.High, "Every action of a service is allowed on every resource.",
        "It includes actions that delete resources and, in many services, actions that grant permissions.",
        "List the actions that are needed, and limit Resource to the ARNs they are needed for.");

    internal static ReviewRule WildcardAction { get; } = new(
        "WildcardAction", FindingSeverity.Medium, "A wildcard in an action includes actions that write or grant permissions.",
        "The wildcard also includes actions that AWS adds later.",
        "List the actions that are needed.");

    internal static ReviewRule WildcardResource { get; } = new(
        "WildcardResource", FindingSeverity.Medium, "Actions that write and can be limited to resources are allowed on all of them.",
        "A mistake or a stolen key then reaches every resource of the account.",
        "Give the ARNs that are needed, or a condition such as aws:ResourceTag.");

    internal static ReviewRule NotActionAllowed { get; } = new(
        "NotActionAllowed", FindingSeverity.High, "Allow with NotAction grants everything except what is listed.",
        "It includes every service that is not named, and those that AWS adds later.",
        "Allow with Action, and deny in a separate statement.");

    internal static ReviewRule NotResourceAllowed { get; } = new(
        "NotResourceAllowed", FindingSeverity.Medium, "Allow with NotResource grants access to everything except what is listed.",
        "It includes resources that are created later.",
        "Allow with Resource, and deny in a separate statement.");

    internal static ReviewRule NotPrincipalAllowed { get; } = new(
        "NotPrincipalAllowed", FindingSeverity.Critical, "Allow with NotPrincipal grants access to everybody except those who are named.",
        "Everybody includes other accounts and callers without credentials. See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html.",
        "Name those who may have access in Principal.");

    internal static ReviewRule PassRoleAny { get; } = new(
        "PassRoleAny", FindingSeverity.High, "iam:PassRole is allowed for every role and every service.",
        "Any role can be given to a service that the caller controls. See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html.",
        "Give the ARNs of the roles, and the condition iam:PassedToService.");

    internal static ReviewRule PrivilegeEscalation { get; } = new(
        "PrivilegeEscalation", FindingSeverity.High, "The permissions of a principal, taken together, let it get further permissions.",
        "The paths are listed in docs/policy-review.md.",
        "Remove one of the actions of the path, or limit it to resources that give nothing more.");

    internal static ReviewRule AssumesAdministrator { get; } = new(
        "AssumesAdministrator", FindingSeverity.High, "A principal can assume a role that may do everything.",
        "Its own policies then limit nothing.",
        "Name fewer principals in the role's trust policy, or require aws:MultiFactorAuthPresent there.");

    internal static ReviewRule DataExposure { get; } = new(
        "DataExposure", FindingSeverity.Medium, "Data of every resource of a kind can be read: objects, secrets, parameters, tables, keys.",
        "Read access to all data is rarely needed and is what is stolen.",
        "Give the ARNs whose data is needed.");

    internal static ReviewRule PublicPrincipal { get; } = new(
        "PublicPrincipal", FindingSeverity.Critical, "A resource or trust policy grants access to everybody.",
        "Principal * without a condition on who calls includes other accounts and, for resources, callers without credentials.",
        "Name accounts, roles or services, or add a condition such as aws:PrincipalOrgID.");

    internal static ReviewRule FederatedTrustOpen { get; } = new(
        "FederatedTrustOpen", FindingSeverity.High, "A role trusts an identity provider without saying which of its identities.",
        "Any workflow, pod or user of that provider can assume the role. See https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services.",
        "Add a StringEquals or StringLike condition on the provider's sub claim (repo:OWNER/REPOSITORY:*), and on aud.");

    internal static ReviewRule CrossAccountTrustOpen { get; } = new(
        "CrossAccountTrustOpen", FindingSeverity.Medium, "A role trusts another account without a condition.",
        "A service provider's account can be made to act for somebody else (the confused deputy). See https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.",
        "Require sts:ExternalId for a third party, or aws:PrincipalOrgID for an account of your own.");

    internal static ReviewRule ServiceTrustOpen { get; } = new(
        "ServiceTrustOpen", FindingSeverity.Low, "A service is trusted for whatever resource it acts for.",
        "The service can be made to act for a resource of another account. See https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.",
        "Add a condition on aws:SourceArn or aws:SourceAccount.");

    internal static ReviewRule CanonicalUserPrincipal { get; } = new(
        "CanonicalUserPrincipal", FindingSeverity.Medium, "A policy of a resource grants access to an account that it names by a canonical user id.",
        "Whose account it is, the id does not show; it can be another one's.",
        "Name the account by its id or ARN.");

    internal static ReviewRule DeletedPrincipal { get; } = new(
        "DeletedPrincipal", FindingSeverity.Low, "A policy names a principal that has been deleted.",
        "IAM shows the unique id (AIDA…, AROA…) where the principal of an ARN no longer exists; a new one of the same name does not get the access back.",
        "Remove the id, or write the ARN again.");

    internal static ReviewRule ConditionNeverTrue { get; } = new(
        "ConditionNeverTrue", FindingSeverity.Medium, "A condition uses a key that requests for the action never have, or compares a wildcard literally, so the statement does not apply.",
        "An Allow then grants nothing, and a Deny protects nothing.",
        "Use a key that the action supports: Find-LabAction shows them.") { IsHygiene = true };

    internal static ReviewRule ConditionAlwaysTrue { get; } = new(
        "ConditionAlwaysTrue", FindingSeverity.Medium, "A condition uses a key that requests for the action never have, and is therefore always met.",
        "Negated operators, IfExists and ForAllValues hold for a key that is absent: the condition limits nothing.",
        "Use a key that the action supports: Find-LabAction shows them.") { IsHygiene = true };

    internal static ReviewRule ForAllValuesAlone { get; } = new(
        "ForAllValuesAlone", FindingSeverity.High, "ForAllValues in an Allow is also met by requests that do not have the key.",
        "Such a request is allowed. See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html.",
        "Add \"Null\": { \"<key>\": \"false\" } to the same condition.");

    internal static ReviewRule MfaNotRequired { get; } = new(
        "MfaNotRequired", FindingSeverity.High, "A condition on MFA lets requests through that are signed with a long-term access key.",
        "Such a request does not have aws:MultiFactorAuthPresent at all, neither true nor false. See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent.",
        "Deny with BoolIfExists (NumericGreaterThanIfExists for the age), or allow with Bool.");

    internal static ReviewRule UnknownAction { get; } = new(
        "UnknownAction", FindingSeverity.Medium, "An action does not exist.",
        "IAM accepts it and it has no effect: nothing is allowed, or nothing is denied.",
        "Write the action that was meant: Find-LabAction lists them.") { IsHygiene = true };

    internal static ReviewRule ResourceMismatch { get; } = new(
        "ResourceMismatch", FindingSeverity.Medium, "An action never applies to the resources of its statement.",
        "For example, s3:GetObject needs the ARN of objects (bucket/*), s3:ListBucket that of the bucket.",
        "Give an ARN of a resource type that the action applies to: Find-LabAction shows them.") { IsHygiene = true };

    internal static ReviewRule PolicyVariableLiteral { get; } = new(
        "PolicyVariableLiteral", FindingSeverity.Medium, "A policy variable stands in a document of the old version, where it is plain text.",
        "Without \"Version\": \"2012-10-17\", ${aws:username} means these characters.",
        "Write \"Version\": \"2012-10-17\".") { IsHygiene = true };

    internal static ReviewRule PolicyUnreadable { get; } = new(
        "PolicyUnreadable", FindingSeverity.Low, "A policy could not be reviewed.",
        "Its document is missing or is not valid.",
        "Include the policy in the account file, or correct its document.");

    internal static ReviewRule UnusedPermission { get; } = new(
        "UnusedPermission", FindingSeverity.Low, "Permissions that were granted and not used in the trail.",
        "What is never used can be taken away without anybody noticing. A trail without data events does not show reads and writes of objects.",
        "Remove the actions; New-LabPolicyDocument -FromTrail writes the policy for what was done.");

    internal static ReviewRule UnusedPrincipal { get; } = new(
        "UnusedPrincipal", FindingSeverity.Low, "A principal has permissions and does not appear in the trail.",
        "It may no longer be needed.",
        "Remove it, or take its policies away.");
}
