"""The plugins of the page, with their indentation, and one of the MNIST kind with a body."""

IRIS = """\
from sklearn import datasets
import numpy as np


# This function is needed to identify the plugin
# and let the frontend know the class names
def get_info():
    return {
        'name': 'sklearn_iris',
        'description': 'ScikitLearn | Iris',
        'class_names': ['Iris Setosa', 'Iris Versicolor', 'Iris Virginica']
    }


def get_data(datasets_path):
    data = datasets.load_iris()
    return {
        # Training data
        'X_train': np.array(data.data),
        'y_train': np.array(data.target),
        # Test data may be empty and splitted as defined in the batch job.
        'X_test': np.array([]),
        'y_test': np.array([]),
        # Class names must be the same as above
        'class_names': ['Iris Setosa', 'Iris Versicolor', 'Iris Virginica']
    }
"""

KNN = """\
from sklearn.neighbors import KNeighborsClassifier
from ...tools import check_argument as check

# See 'Parameter Specification' below
CLF_INFO = {
    'name': 'kneighbors',
    'short': 'KNN',
    'description': 'k Nearest Neighbors Classifier',
    'parameters': [
        {
            'name': 'n_neighbors',
            'description': 'Number of neighbors',
            'type': 'integer',
            'range': [1, 1000],
            'default_value': 5
        }
    ]
}


# Those two functions are not important for now
def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


# See 'Classifier Implementation' below
class Classifier():
    def __init__(self, args, data_specs):
        n_neighbors = check('n_neighbors', args, CLF_INFO)
        self.clf = KNeighborsClassifier(n_neighbors=n_neighbors, n_jobs=-1)

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        return self.clf.fit(X_train, y_train)

    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
"""

FOREST = """\
from sklearn.ensemble import RandomForestClassifier
# With this function we will check parameters
from ...tools import check_argument as check

# Similar to the dataset, each classifier needs to have a name and description
CLF_INFO = {
    # The name is referenced in batch jobs later
    # (only characters from a-zA-Z0-9 and _)
    'name': 'randomforest',
    # A short version of the name
    'short': 'RF',
    # The description is shown in the frontends menu and help page
    'description': 'Random Forest',
    # Define the parameters for you classifier here
    'parameters': [
        {
            # Some names are forbidden such as method, title and fold
            'name': 'n_estimators',
            'description': 'Number of estimators',
            # Type may be string, integer, float, boolean, other
            # (other will not be checked)
            'type': 'integer',
            # Specify a valid range for checking
            'range': [1, 1000],
            # The default is used if the batch job
            # does not specify the parameter's value
            'default_value': 100
        },
        # More parameters...
    ]
}


# Boilerplate, no need to change this
def get_clf(args, data_specs):
    return Classifier(args, data_specs)


# Boilerplate, no need to change this
def get_info():
    return CLF_INFO


class Classifier():
    # The __init__ function is given the
    # - parameters as a dictionary {'param_name':value}
    # - data_specs as it comes from the dataset
    def __init__(self, args, data_specs):
        # The classifier's title is also passed as parameter
        self.title = args['title']
        # You should check your parameters
        n_estimators = check('n_estimators', args, CLF_INFO)
        # data_specs also includes some information
        # that you can use for output or saving your model
        self.job_title = data_specs['job_title']
        self.dataset_name = data_specs['dataset_name']
        self.num_classes = data_specs['num_classes']
        # Initialize your classifier here
        self.clf = RandomForestClassifier(n_estimators=n_estimators)

    # Boilerplate, no need to change this
    def get_info(self):
        return CLF_INFO

    # This function gets the training data
    # Train your classifier here
    def fit(self, X_train, y_train):
        return self.clf.fit(X_train, y_train)

    # This function gets the test data
    # Predict class labels here
    def predict(self, X_test, y_test):
        return self.clf.predict(X_test)

    # This function gets the test data
    # Predict class probabilities here
    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)
"""

KERAS = """\
from keras.models import Sequential
from keras.layers import Dropout, Dense, Activation
from keras import optimizers
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'mlpc_keras',
    'short': 'MLPC (k)',
    'description': 'Multi-layer Perceptron (Keras)',
    'parameters': [
        {
            # Example for a string parameter
            'name': 'activation',
            'description': 'Activation function',
            'type': 'string',
            'range': ['relu', 'tanh', 'sigmoid', 'linear'],
            'default_value': 'relu'
        },
        {
            'name': 'optimizer',
            'description': 'Optimizer',
            'type': 'string',
            'range': ['sgd', 'adadelta', 'adam'],
            'default_value': 'adam'
        },
        {
            # Example for a float parameter
            'name': 'learning_rate_init',
            'description': 'Initial learning rate',
            'type': 'float',
            'range': [0, 1],
            'default_value': 0.001
        },
        {
            'name': 'dropout',
            'description': 'Dropout',
            'type': 'float',
            'range': [0, 1],
            'default_value': 0.5
        },
        {
            # Example for an integer parameter
            'name': 'batch_size',
            'description': 'Batch size',
            'type': 'integer',
            'range': [1, 512],
            'default_value': 64
        },
        {
            'name': 'epochs',
            'description': 'Epochs',
            'type': 'integer',
            'range': [0, 10000],
            'default_value': 50
        },
        {
            # Example for a boolean parameter
            'name': 'early_stopping',
            'description': 'Early stopping',
            'type': 'boolean',
            'default_value': False
        }
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        # Check and save parameters
        self.optimizer = check('optimizer', args, CLF_INFO)
        self.activation = check('activation', args, CLF_INFO)
        self.learning_rate_init = check('learning_rate_init', args, CLF_INFO)
        self.dropout = check('dropout', args, CLF_INFO)
        self.batch_size = check('batch_size', args, CLF_INFO)
        self.epochs = check('epochs', args, CLF_INFO)
        self.early_stopping = check('early_stopping', args, CLF_INFO)
        # There is also some other information you may use
        self.title = args['title']
        self.job_title = data_specs['job_title']
        self.dataset_name = data_specs['dataset_name']
        self.num_classes = data_specs['num_classes']

    def get_info(self):
        return CLF_INFO

    def fit(self, X_train, y_train):
        # Create optimizer based on argument and initial learning rate
        # You can add more options!
        if self.optimizer == 'sgd':
            opt = optimizers.SGD(lr=self.learning_rate_init)
        if self.optimizer == 'adadelta':
            opt = optimizers.Adadelta(lr=self.learning_rate_init)
        if self.optimizer == 'adam':
            opt = optimizers.Adam(lr=self.learning_rate_init)
        # Network architecture
        model = Sequential()
        model.add(Dense(self.hidden_layer_sizes[0],
                        activation=self.activation,
                        input_dim=X_train.shape[1]))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(layer_size, activation=self.activation))
        model.add(Dropout(self.dropout))
        model.add(Dense(self.num_classes, activation='softmax'))
        model.compile(loss='sparse_categorical_crossentropy',
                      optimizer=opt,
                      metrics=['accuracy'])
        # Early stopping
        callbacks = None
        if self.early_stopping:
            early_stopping = EarlyStopping(monitor='val_loss',
                                           patience=10,
                                           restore_best_weights=True,
                                           verbose=2)
            callbacks = [early_stopping]
        # Train network (and save training history)
        self.clf = model
        self.history = model.fit(X_train,
                                 y_train,
                                 batch_size=self.batch_size,
                                 epochs=self.epochs,
                                 verbose=1,
                                 validation_split=0.2,
                                 callbacks=callbacks)

    def predict(self, X_test, y_test):
        return self.clf.predict_classes(X_test)

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(X_test)

    # Here we also return a training history!
    def get_history(self):
        return self.history.history
"""

COMPLETED_KERAS = KERAS.replace(
    "from keras import optimizers\n",
    "from keras import optimizers\nfrom keras.callbacks import EarlyStopping\n",
).replace(
    "        # Network architecture\n",
    "        # Network architecture\n        layer_size = 20\n        self.hidden_layer_sizes = [layer_size]\n",
)
"""The page's Keras plugin with the three names defined that it uses undefined."""

MNIST = """\
import os
import numpy as np


def get_info():
    return {
        'name': 'keras_mnist',
        'description': 'Keras | MNIST',
        'class_names': [str(i) for i in range(10)]
    }


def get_data(datasets_path):
    with np.load(os.path.join(datasets_path, 'keras_mnist', 'digits.npz')) as digits:
        (X_train, y_train) = (digits['X_train'], digits['y_train'])
        (X_test, y_test) = (digits['X_test'], digits['y_test'])

    X_train = X_train.astype('float32')
    X_test = X_test.astype('float32')

    # Get the shape of the data before flattening
    original_shape = X_train.shape

    # Reshape from (num_samples, 8, 8)
    # to (num_samples, 64)
    X_train = X_train.reshape(len(X_train), 64)
    X_test = X_test.reshape(len(X_test), 64)

    return {
        # Pass the data as we did with IRIS,
        # but this time we have a pre-defined split
        'X_train': X_train,
        'y_train': y_train,
        'X_test': X_test,
        'y_test': y_test,
        # Class names must be strings
        'class_names': [str(i) for i in range(10)],
        # The specs dictionary allows us to pass
        # abitrary data to the classifier plugins
        'specs': {
            # CNNs need to know the original shape
            'original_shape': original_shape
        }
    }
"""

RESHAPING = """\
import os
from sklearn.linear_model import LogisticRegression
from ...tools import check_argument as check

CLF_INFO = {
    'name': 'reshaping',
    'short': 'R',
    'description': 'Means of rows of an image',
    'parameters': [
        {
            'name': 'save_model',
            'description': 'Save the model',
            'type': 'boolean',
            'default_value': False
        }
    ]
}


def get_clf(args, data_specs):
    return Classifier(args, data_specs)


def get_info():
    return CLF_INFO


class Classifier():
    def __init__(self, args, data_specs):
        self.title = args['title']
        self.job_title = data_specs['job_title']
        # Get original data shape
        self.original_shape = data_specs['original_shape']
        self.save_model = check('save_model', args, CLF_INFO)

    def rows(self, X):
        # Reshape data back to original
        # Only change the shape of the features,
        # keep the first part the same
        new_shape = (len(X),) + self.original_shape[1:]
        print(f'Reshaping to {new_shape}')
        X = X.reshape(new_shape)
        X /= 16
        return X.mean(axis=2)

    def fit(self, X_train, y_train):
        self.clf = LogisticRegression(max_iter=2000).fit(self.rows(X_train), y_train)
        # Save model and weights (e.g. as /saved_models/job_title/clf_title.h5)
        if self.save_model:
            save_dir = os.path.join(os.getcwd(),
                                    'saved_models',
                                    self.job_title)
            if not os.path.isdir(save_dir):
                os.makedirs(save_dir)
            model_path = os.path.join(save_dir, f'{self.title}.txt')
            with open(model_path, 'w') as file:
                file.write(str(self.clf.coef_))
            print(f'Saved trained model at {model_path}')

    def predict(self, X_test, y_test):
        return self.clf.predict(self.rows(X_test))

    def predict_proba(self, X_test, y_test):
        return self.clf.predict_proba(self.rows(X_test))
"""
