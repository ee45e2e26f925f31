namespace CloudLab.Core.Identity.Review;

/// <summary>What the resource of a step must leave open for the step to give more permissions.</summary>
internal enum StepReach
{
    /// <summary>Any resource will do.</summary>
    Any,

    /// <summary>Resources in general, or the principal itself: it gives permissions to whatever it names.</summary>
    SelfOrBroad,

    /// <summary>Resources in general: on the principal itself it gives nothing new.</summary>
    Broad,
}

/// <summary>One action of a path.</summary>
/// <param name="Action">The action.</param>
/// <param name="Reach">On what.</param>
internal sealed record EscalationStep(string Action, StepReach Reach = StepReach.Any);

/// <summary>
/// Actions that together get a principal permissions it does not have. The catalogue of such paths is public knowledge: Rhino Security Labs
/// published the first, https://pathfinding.cloud and https://hackingthe.cloud/aws/exploitation/iam_privilege_escalation/ keep lists.
/// </summary>
/// <param name="Name">Its name, for a baseline.</param>
/// <param name="How">What is done, to complete "it can".</param>
/// <param name="Steps">All of these are needed.</param>
internal sealed record EscalationPath(string Name, string How, params EscalationStep[] Steps)
{
    /// <summary>Service that a role is passed to, or null for a path without iam:PassRole.</summary>
    public string? PassedTo { get; init; }

    /// <summary>Whether the path ends with a role that has to be assumed, so that only a role has it without sts:AssumeRole.</summary>
    public bool EndsInRole { get; init; }

    /// <summary>Whether it takes the boundary away, so that it matters only to a principal that has one.</summary>
    public bool RemovesBoundary { get; init; }

    /// <summary>All paths.</summary>
    public static IReadOnlyList<EscalationPath> All { get; } =
    [
        // Its own policies.
        new("CreatePolicyVersion", "write a new version of a policy that is attached to it", On("iam:CreatePolicyVersion")),
        new("SetDefaultPolicyVersion", "return a policy to an earlier version that allows more", On("iam:SetDefaultPolicyVersion")),
        new("AttachUserPolicy", "attach any managed policy to itself or another user", On("iam:AttachUserPolicy")),
        new("AttachGroupPolicy", "attach any managed policy to a group that it is in", On("iam:AttachGroupPolicy")),
        new("AttachRolePolicy", "attach any managed policy to a role that it can use", On("iam:AttachRolePolicy")) { EndsInRole = true },
        new("PutUserPolicy", "write a policy into itself or another user", On("iam:PutUserPolicy")),
        new("PutGroupPolicy", "write a policy into a group that it is in", On("iam:PutGroupPolicy")),
        new("PutRolePolicy", "write a policy into a role that it can use", On("iam:PutRolePolicy")) { EndsInRole = true },
        new("AddUserToGroup", "add itself to a group with more permissions", On("iam:AddUserToGroup")),
        new("UpdateAssumeRolePolicy", "let itself assume a role with more permissions", Others("iam:UpdateAssumeRolePolicy")),
        new("DeleteUserPermissionsBoundary", "remove the boundary that limits it", On("iam:DeleteUserPermissionsBoundary")) { RemovesBoundary = true },
        new("DeleteRolePermissionsBoundary", "remove the boundary that limits it", On("iam:DeleteRolePermissionsBoundary")) { RemovesBoundary = true },
        new("PutUserPermissionsBoundary", "replace the boundary that limits it", On("iam:PutUserPermissionsBoundary")) { RemovesBoundary = true },
        new("PutRolePermissionsBoundary", "replace the boundary that limits it", On("iam:PutRolePermissionsBoundary")) { RemovesBoundary = true },

        // Credentials of others.
        new("CreateAccessKey", "create keys for another user", Others("iam:CreateAccessKey")),
        new("CreateLoginProfile", "set a console password for another user", Others("iam:CreateLoginProfile")),
        new("UpdateLoginProfile", "change the console password of another user", Others("iam:UpdateLoginProfile")),
        new("CreateServiceSpecificCredential", "create service credentials for another user", Others("iam:CreateServiceSpecificCredential")),

        // Sign-in of others.
        new("UpdateSamlProvider", "replace the certificate of an identity provider and sign in as anybody whom it vouches for", Others("iam:UpdateSAMLProvider")),
        new("OidcThumbprint", "let an identity provider be vouched for by a server of its own", Others("iam:UpdateOpenIDConnectProviderThumbprint")),
        new("DeactivateMfaDevice", "take away the MFA device of another user and set a device of its own", Others("iam:DeactivateMFADevice"), Others("iam:EnableMFADevice")),

        // A role passed to a service that runs what the caller gives it.
        Passing("RunInstances", "ec2.amazonaws.com", "start an instance with a role and use it from there", "ec2:RunInstances"),
        Passing("AssociateInstanceProfile", "ec2.amazonaws.com", "give a running instance a role with more permissions", "ec2:AssociateIamInstanceProfile"),
        Passing("ReplaceInstanceProfile", "ec2.amazonaws.com", "give a running instance another role", "ec2:ReplaceIamInstanceProfileAssociation"),
        Passing("RequestSpotInstances", "ec2.amazonaws.com", "start a spot instance with a role", "ec2:RequestSpotInstances"),
        Passing("AutoScalingLaunchConfiguration", "ec2.amazonaws.com", "start instances with a role through an Auto Scaling group", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
        Passing("RequestSpotFleet", "ec2.amazonaws.com", "start spot instances with a role", "ec2:RequestSpotFleet"),
        Passing("InstanceProfileRole", "ec2.amazonaws.com", "put a role with more permissions into the profile of an instance", "iam:AddRoleToInstanceProfile"),
        Passing("AutoScalingLaunchTemplate", "ec2.amazonaws.com", "start instances with a role through a launch template", "ec2:CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup"),
        Passing("AutoScalingTemplateVersion", "ec2.amazonaws.com", "start instances with a role through a new version of a launch template", "ec2:CreateLaunchTemplateVersion", "autoscaling:UpdateAutoScalingGroup"),
        Passing("LambdaInvoke", "lambda.amazonaws.com", "run code as a role in a new function", "lambda:CreateFunction", "lambda:InvokeFunction"),
        Passing("LambdaPermission", "lambda.amazonaws.com", "run code as a role in a new function that another account calls", "lambda:CreateFunction", "lambda:AddPermission"),
        Passing("LambdaEventSource", "lambda.amazonaws.com", "run code as a role in a new function that a queue or stream starts", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
        Passing("LambdaFunctionUrl", "lambda.amazonaws.com", "run code as a role in a new function with a URL", "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
        Passing("CloudFormationCreateStack", "cloudformation.amazonaws.com", "create resources as a role through a stack", "cloudformation:CreateStack"),
        Passing("CloudFormationUpdateStack", "cloudformation.amazonaws.com", "change a stack as a role", "cloudformation:UpdateStack"),
        Passing("CloudFormationChangeSet", "cloudformation.amazonaws.com", "create resources as a role through a change set", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
        Passing("CloudFormationStackSet", "cloudformation.amazonaws.com", "create resources as a role through a stack set", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
        Passing("GlueDevEndpoint", "glue.amazonaws.com", "run code as a role on a development endpoint", "glue:CreateDevEndpoint"),
        Passing("GlueSession", "glue.amazonaws.com", "run code as a role in an interactive session", "glue:CreateSession", "glue:RunStatement"),
        Passing("GlueJob", "glue.amazonaws.com", "run code as a role in a new job", "glue:CreateJob", "glue:StartJobRun"),
        Passing("GlueJobTrigger", "glue.amazonaws.com", "run code as a role in a new job that a trigger starts", "glue:CreateJob", "glue:CreateTrigger"),
        Passing("GlueUpdateJob", "glue.amazonaws.com", "run code as another role in a job that exists", "glue:UpdateJob", "glue:StartJobRun"),
        Passing("DataPipeline", "datapipeline.amazonaws.com", "run commands as a role in a pipeline", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
        Passing("CodeBuildCreate", "codebuild.amazonaws.com", "run commands as a role in a new build project", "codebuild:CreateProject", "codebuild:StartBuild"),
        Passing("CodeBuildUpdate", "codebuild.amazonaws.com", "run commands as another role in a build project that exists", "codebuild:UpdateProject", "codebuild:StartBuild"),
        Passing("EcsRunTask", "ecs-tasks.amazonaws.com", "run a container as a role", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
        Passing("EcsService", "ecs-tasks.amazonaws.com", "run containers as a role in a service", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
        Passing("EcsStartTask", "ecs-tasks.amazonaws.com", "run a container as a role on an instance of a cluster", "ecs:RegisterTaskDefinition", "ecs:StartTask"),
        Passing("BatchJob", "ecs-tasks.amazonaws.com", "run a container as a role in a batch job", "batch:RegisterJobDefinition", "batch:SubmitJob"),
        Passing("SageMakerNotebook", "sagemaker.amazonaws.com", "run code as a role in a notebook", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
        Passing("SageMakerTraining", "sagemaker.amazonaws.com", "run code as a role in a training job", "sagemaker:CreateTrainingJob"),
        Passing("SageMakerProcessing", "sagemaker.amazonaws.com", "run code as a role in a processing job", "sagemaker:CreateProcessingJob"),
        Passing("SageMakerLifecycle", "sagemaker.amazonaws.com", "run code as a role when a notebook starts", "sagemaker:CreateNotebookInstanceLifecycleConfig", "sagemaker:CreateNotebookInstance"),
        Passing("SageMakerStudio", "sagemaker.amazonaws.com", "run code as a role in a studio", "sagemaker:CreateUserProfile", "sagemaker:CreatePresignedDomainUrl"),
        Passing("BedrockCodeInterpreter", "bedrock-agentcore.amazonaws.com", "run code as a role in a code interpreter", "bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"),
        Passing("BedrockAgentRuntime", "bedrock-agentcore.amazonaws.com", "run a container as a role in an agent runtime", "bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntime"),
        Passing("CodeDeploy", "codedeploy.amazonaws.com", "deploy as a role", "codedeploy:CreateDeploymentGroup", "codedeploy:CreateDeployment"),
        Passing("CodePipeline", "codepipeline.amazonaws.com", "run a pipeline as a role", "codepipeline:CreatePipeline"),
        Passing("ElasticBeanstalk", "elasticbeanstalk.amazonaws.com", "run code as a role in an environment", "elasticbeanstalk:CreateEnvironment"),
        Passing("ManagedAirflow", "airflow.amazonaws.com", "run code as a role in an Airflow environment", "airflow:CreateEnvironment"),
        Passing("ImageBuilder", "ec2.amazonaws.com", "run commands as a role while an image is built", "imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:CreateImage"),
        Passing("CognitoIdentityPool", "cognito-identity.amazonaws.com", "give a role to whoever signs in to an identity pool", "cognito-identity:SetIdentityPoolRoles"),
        Passing("EventsTarget", "events.amazonaws.com", "call services as a role when an event comes", "events:PutRule", "events:PutTargets"),
        Passing("AppSyncDataSource", "appsync.amazonaws.com", "call services as a role from an API", "appsync:CreateDataSource"),
        Passing("BraketJob", "braket.amazonaws.com", "run code as a role in a job", "braket:CreateJob"),
        Passing("StepFunctions", "states.amazonaws.com", "call services as a role from a state machine", "states:CreateStateMachine", "states:StartExecution"),
        Passing("Scheduler", "scheduler.amazonaws.com", "call services as a role from a schedule", "scheduler:CreateSchedule"),
        Passing("AppRunner", "tasks.apprunner.amazonaws.com", "run a container as a role", "apprunner:CreateService"),
        Passing("EmrServerless", "emr-serverless.amazonaws.com", "run code as a role in a serverless application", "emr-serverless:CreateApplication", "emr-serverless:StartJobRun"),
        Passing("GameLiftFleet", "gamelift.amazonaws.com", "run code as a role on the servers of a fleet", "gamelift:CreateBuild", "gamelift:CreateFleet"),
        Passing("ManagedFlink", "kinesisanalytics.amazonaws.com", "run code as a role in a stream application", "kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"),
        Passing("OmicsRun", "omics.amazonaws.com", "run a container as a role in a workflow", "omics:CreateWorkflow", "omics:StartRun"),
        Passing("CodeBuildBatch", "codebuild.amazonaws.com", "run commands as a role in a batch of builds", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
        Passing("CloudFormationUpdateStackSet", "cloudformation.amazonaws.com", "create resources as a role through a stack set that exists", "cloudformation:UpdateStackSet"),
        Passing("EksPodIdentity", "pods.eks.amazonaws.com", "give a role to the pods of a cluster", "eks:CreatePodIdentityAssociation"),
        Passing("RolesAnywhere", "rolesanywhere.amazonaws.com", "use a role with a certificate of its own authority", "rolesanywhere:CreateTrustAnchor", "rolesanywhere:CreateProfile"),
        Passing("IotRoleAlias", "credentials.iot.amazonaws.com", "use a role with a device certificate", "iot:CreateRoleAlias", "iot:CreateKeysAndCertificate", "iot:AttachPolicy"),
        Passing("EmrCluster", "elasticmapreduce.amazonaws.com", "run code as a role on a cluster", "elasticmapreduce:RunJobFlow"),
        Passing("SsmAutomation", "ssm.amazonaws.com", "run an automation as a role", "ssm:StartAutomationExecution"),

        // Something that has a role already, and runs what the caller gives it.
        new("UpdateFunctionCode", "replace the code of a function and with it use the function's role", Others("lambda:UpdateFunctionCode")),
        new("UpdateFunctionConfiguration", "put a layer of its own under a function and with it use the function's role", Others("lambda:UpdateFunctionConfiguration")),
        new("GlueUpdateDevEndpoint", "put its own key on a development endpoint and use the endpoint's role", Others("glue:UpdateDevEndpoint")),
        new("SsmSendCommand", "run commands on any instance and use the instance's role", Others("ssm:SendCommand")),
        new("SsmStartSession", "open a shell on any instance and use the instance's role", Others("ssm:StartSession")),
        new("InstanceConnect", "log in to any instance and use the instance's role", Others("ec2-instance-connect:SendSSHPublicKey")),
        new("SerialConsole", "log in to any instance over its serial console and use the instance's role", Others("ec2-instance-connect:SendSerialConsoleSSHPublicKey")),
        new("SsmAssociation", "run commands on any instance by an association and use the instance's role", Others("ssm:CreateAssociation")),
        new("LaunchTemplateVersion", "change what the next instances of a group run and use their role", Others("ec2:CreateLaunchTemplateVersion"), new("ec2:ModifyLaunchTemplate")),
        new("EcsTaskOverride", "run any task definition with a command of its own and use the task's role", Others("ecs:RunTask")),
        new("GlueRunStatement", "run code in any session and use the session's role", Others("glue:RunStatement")),
        new("SageMakerDomainUrl", "open any studio and use its role", Others("sagemaker:CreatePresignedDomainUrl")),
        new("SageMakerUpdateLifecycle", "change what runs when a notebook starts and use the notebook's role", Others("sagemaker:UpdateNotebookInstanceLifecycleConfig")),
        new("BedrockInvokeCodeInterpreter", "run code in any code interpreter and use its role", Others("bedrock-agentcore:StartCodeInterpreterSession"), new("bedrock-agentcore:InvokeCodeInterpreter")),
        new("StepFunctionsUpdate", "change any state machine and use its role", Others("states:UpdateStateMachine"), new("states:StartExecution")),
        new("CloudFormationExecuteChangeSet", "change a stack that has a role by a change set", Others("cloudformation:CreateChangeSet"), new("cloudformation:ExecuteChangeSet")),
        new("EksAccessEntry", "make itself administrator of any cluster", Others("eks:CreateAccessEntry"), Others("eks:AssociateAccessPolicy")),
        new("InstanceUserData", "replace the user data of an instance and use the instance's role", Others("ec2:ModifyInstanceAttribute"), new("ec2:StopInstances"), new("ec2:StartInstances")),
        new("EcsExecuteCommand", "run commands in any container and use the task's role", Others("ecs:ExecuteCommand")),
        new("CodeBuildStartBuild", "run a build with commands of its own and use the project's role", Others("codebuild:StartBuild")),
        new("CodeBuildStartBuildBatch", "run a batch of builds with commands of its own and use the project's role", Others("codebuild:StartBuildBatch")),
        new("AppRunnerUpdateService", "replace the image of any service and use the service's role", Others("apprunner:UpdateService")),
        new("SageMakerNotebookLifecycle", "run a script when any notebook starts and use the notebook's role", new("sagemaker:CreateNotebookInstanceLifecycleConfig"), Others("sagemaker:UpdateNotebookInstance"), Others("sagemaker:StopNotebookInstance"), Others("sagemaker:StartNotebookInstance")),
        new("SageMakerNotebookUrl", "open any notebook and use the notebook's role", Others("sagemaker:CreatePresignedNotebookInstanceUrl")),
        new("CloudFormationStackRole", "change a stack that has a role", Others("cloudformation:UpdateStack")),

        // Identity Center and the organization.
        new("PermissionSetPolicy", "write a policy into a permission set", On("sso:PutInlinePolicyToPermissionSet"), new("sso:ProvisionPermissionSet")),
        new("PermissionSetManagedPolicy", "attach any managed policy to a permission set", On("sso:AttachManagedPolicyToPermissionSet"), new("sso:ProvisionPermissionSet")),
        new("IdentityStoreGroup", "add itself to a group of Identity Center with more permissions", On("identitystore:CreateGroupMembership")),
        new("PermissionSetAssignment", "assign itself a permission set", On("sso:CreateAccountAssignment")),
        new("AssumeAnyRole", "assume any role whose trust policy leaves the decision to the account", Others("sts:AssumeRole")),
    ];

    private static EscalationStep On(string action) => new(action, StepReach.SelfOrBroad);

    private static EscalationStep Others(string action) => new(action, StepReach.Broad);

    private static EscalationPath Passing(string name, string service, string how, params string[] actions) =>
        new(name, how, [new("iam:PassRole", StepReach.Broad), .. actions.Select(action => new EscalationStep(action))]) { PassedTo = service };
}
